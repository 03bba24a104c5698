import * as http from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import * as tls from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CertificateOptions } from '../../testing/cluster/testCertificates.ts';
import { testCertificate } from '../../testing/cluster/testCertificates.ts';
import { agentsAllowed, connectAllowed, connectTls } from './connect.ts';
import { CaBundle } from './tls.ts';

const at = { stage: 'copy', place: 'offsite', limitMs: 10_000 } as const;

async function listening(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('a connection', () => {
  it('is made, and carries bytes', async () => {
    const port = await listening(createServer(socket => socket.end('hello')));
    const socket = await connectAllowed({ ...at, host: '127.0.0.1', port });
    const [text] = await socket.toArray();
    expect(String(text)).toBe('hello');
  });

  it('says that nothing listens', async () => {
    const server = createServer();
    const port = await listening(server);
    await new Promise(resolve => server.close(resolve));
    await expect(connectAllowed({ ...at, host: 'localhost', port })).rejects.toMatchObject({
      reason: 'ConnectionRefused',
    });
  });

  it.each(['169.254.169.254', '[::ffff:169.254.169.254]', '0xA9FEA9FE'])(
    'is not made to %s',
    async host => {
      await expect(connectAllowed({ ...at, host, port: 80 })).rejects.toMatchObject({
        reason: 'AddressRefused',
      });
      await expect(connectTls({ ...at, host, port: 443 }, {})).rejects.toMatchObject({
        reason: 'AddressRefused',
      });
    }
  );

  it('has a limit: a server that says nothing is no TLS server', async () => {
    const port = await listening(createServer());
    const to = { ...at, host: '127.0.0.1', port, limitMs: 50 };
    await expect(connectTls(to, {})).rejects.toMatchObject({ reason: 'ConnectionTimedOut' });
  });
});

describe('agents', () => {
  const get = (url: string, agent: http.Agent) =>
    new Promise<string>((resolve, reject) => {
      const request = http.get(url, { agent }, answer => {
        answer.toArray().then(chunks => resolve(chunks.join('')), reject);
      });
      request.once('error', reject);
    });

  it('connect, and refuse an address that is one of cloud metadata', async () => {
    const { httpAgent } = agentsAllowed({});
    onTestFinished(() => httpAgent.destroy());
    const server = http.createServer((_request, answer) => answer.end('hello'));
    const port = await listening(server);
    expect(await get(`http://localhost:${port}/`, httpAgent)).toBe('hello');
    for (const host of ['169.254.169.254', '[fd00:ec2::254]', '0xA9FEA9FE']) {
      await expect(get(`http://${host}/`, httpAgent)).rejects.toMatchObject({
        code: 'NKVM_ADDRESS_REFUSED',
      });
    }
  });
});

describe('a certificate', () => {
  const serve = async (options?: CertificateOptions) => {
    const { certificate: caBundle, key, remove } = await testCertificate(options);
    onTestFinished(remove);
    const server = tls.createServer({ key, cert: caBundle }, socket => socket.end());
    return { caBundle, to: { ...at, host: '127.0.0.1', port: await listening(server) } };
  };

  it('of its own authority is trusted with caBundle, and not without', async () => {
    const { to, caBundle } = await serve();
    (await connectTls(to, { caBundle: CaBundle.parse(caBundle) })).destroy();
    await expect(connectTls(to, {})).rejects.toMatchObject({ reason: 'TlsUntrusted' });
    (await connectTls(to, { insecure: true })).destroy();
  });

  it.each<[string, CertificateOptions]>([
    ['TlsNameDiffers', { subjects: 'DNS:other.example' }],
    ['TlsExpired', { hasExpired: true }],
  ])('is refused: %s', async (reason, options) => {
    const { to, caBundle } = await serve(options);
    await expect(connectTls(to, { caBundle })).rejects.toMatchObject({ reason });
  });

  it('is not found where another protocol is spoken', async () => {
    const port = await listening(createServer(socket => socket.end('220 hello\r\n')));
    await expect(connectTls({ ...at, host: '127.0.0.1', port }, {})).rejects.toMatchObject({
      reason: 'TlsFailed',
    });
  });

  it.each(['', 'text', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'is not read from %j',
    text => expect(CaBundle.safeParse(text).success).toBe(false)
  );
});
