// Opens the connection of a helper pod to the sidecar; see helper/push/listener.ts. Programs follow that use it.
const net = require('net');
const tls = require('tls');

// Resolves to the secured connection. The fingerprint is compared before the token is sent.
function connect({ host, port, fingerprint, connectMs, acceptMs }) {
  return new Promise((resolve, reject) => {
    const plain = net.connect({ host, port, noDelay: true });
    const fail = why => {
      plain.destroy();
      reject(why);
    };
    // After the timer, what has arrived meanwhile is read before the connection is given up.
    let timer = setTimeout(
      () => setImmediate(() => plain.connecting && fail('no answer within ' + connectMs + ' ms')),
      connectMs
    );
    plain.once('error', error => fail(error.code || error.message));
    plain.once('connect', () => {
      clearTimeout(timer);
      timer = setTimeout(() => fail('no TLS within ' + acceptMs + ' ms'), acceptMs);
      const socket = tls.connect({
        socket: plain,
        rejectUnauthorized: false,
        minVersion: 'TLSv1.3',
      });
      socket.once('error', error => fail(error.code || error.message));
      socket.once('secureConnect', () => {
        clearTimeout(timer);
        const { fingerprint256 = '' } = socket.getPeerCertificate();
        if (fingerprint256.replaceAll(':', '').toLowerCase() === fingerprint) resolve(socket);
        else fail('something other than NKVM answered');
      });
    });
  });
}
