// Sends standard input, an archive, to the sidecar over HTTPS, where it can be reached, and else to standard output. load.cjs
// runs it, after connect.cjs, in the directory of pack.sh. Its first line of standard output says which: {"type":"push"}, or
// {"type":"otherwise","why":…}, and then the archive. helper/push/pushTransport.ts is the other side.
//
// The trailers say what left the pod, from the file `sum` (members.cjs). Without it the archive is not complete, and the
// request must not end like a whole one.
const fs = require('fs');
const http = require('http');

control.destroy();
const { path, token, acceptMs } = hello.invitation;

// Standard output may not block, where the shell has it from a socket.
function write(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
const say = message => write(Buffer.from(JSON.stringify(message) + '\n'));

// Resolves to the request, when the sidecar is about to take its body.
function ask(socket) {
  return new Promise((resolve, reject) => {
    const request = http.request({
      ...{ method: 'POST', path, createConnection: () => socket },
      headers: {
        Authorization: 'Bearer ' + token,
        Expect: '100-continue',
        Trailer: 'nkvm-bytes, nkvm-sha256',
        'Transfer-Encoding': 'chunked',
      },
    });
    const fail = why => {
      clearTimeout(timer);
      reject(why);
      socket.destroy();
    };
    const timer = setTimeout(() => fail('not accepted within ' + acceptMs + ' ms'), acceptMs);
    request.on('error', error => fail(error.code || error.message));
    request.once('response', response =>
      fail(response.headers['nkvm-why'] || 'status ' + response.statusCode)
    );
    request.once('continue', () => {
      clearTimeout(timer);
      request.removeAllListeners('response');
      resolve(request);
    });
    request.flushHeaders();
  });
}

const read = buffer =>
  new Promise((resolve, reject) =>
    fs.read(0, buffer, 0, buffer.length, null, (error, n) => (error ? reject(error) : resolve(n)))
  );

// Two buffers: one is read while the other one is sent.
async function push(request) {
  let broke = '';
  const end = code => {
    if (broke) console.error('nkvm: the connection to NKVM broke: ' + broke);
    process.exit(code);
  };
  const fail = why => {
    broke = why;
    end(3);
  };
  request.on('error', error => fail(error.code || error.message));
  request.on('close', () => fail('it was closed'));
  request.on('response', response => {
    if (response.statusCode === 200) end(0);
    fail('status ' + response.statusCode);
  });
  const buffers = [Buffer.allocUnsafeSlow(262144), Buffer.allocUnsafeSlow(262144)];
  let sending;
  for (let n, at = 0; (n = await read(buffers[at])) > 0; at = 1 - at) {
    await sending;
    const piece = buffers[at].subarray(0, n);
    sending = new Promise(done => request.write(piece, done));
  }
  await sending;
  let sum = '';
  try {
    sum = fs.readFileSync('sum', 'utf8');
  } catch {}
  const [bytes, sha256] = sum.trim().split(' ');
  if (!sha256) return fail('the archive is not complete');
  request.addTrailers({ 'nkvm-bytes': bytes, 'nkvm-sha256': sha256 });
  request.end();
}

async function passOn(why) {
  say({ type: 'otherwise', why: String(why) });
  const buffer = Buffer.allocUnsafeSlow(262144);
  for (let n; (n = await read(buffer)) > 0; ) write(buffer.subarray(0, n));
  process.exit(0);
}

connect(hello.invitation)
  .then(ask)
  .then(request => {
    say({ type: 'push' });
    return push(request);
  }, passOn)
  .catch(error => {
    console.error('nkvm: ' + (error.code || error.message));
    process.exit(3);
  });
