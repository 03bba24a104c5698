import { generateKeyPairSync, KeyObject } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { expect, it, onTestFinished } from 'vitest';
import { useKeyObjects } from './keyObjects.ts';

it('gives ciphers of ssh2 key objects, and both sides still understand each other', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const hostKey = privateKey.export({ type: 'pkcs1', format: 'pem' });
  const server = new ssh2.Server({ hostKeys: [hostKey] }, peer =>
    peer.on('authentication', attempt => attempt.accept()).on('error', () => undefined)
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const client = new ssh2.Client();
  onTestFinished(() => void client.end());
  client.on('handshake', () => useKeyObjects(client));
  const { port } = server.address() as AddressInfo;
  client.connect({
    ...{ host: '127.0.0.1', port, username: 'user' },
    algorithms: { cipher: ['aes128-gcm@openssh.com'] },
  });
  await once(client, 'ready');
  const { _cipher, _decipher } = (client as unknown as Record<string, any>)._protocol;
  // ssh2's own addon, where it could be compiled, keeps the key to itself
  if (!('_encKey' in _cipher)) return;
  expect(_cipher._encKey).toBeInstanceOf(KeyObject);
  expect(_decipher._decipherKey).toBeInstanceOf(KeyObject);
});

it('leaves everything else alone', () => {
  const key = Symbol('key');
  const client = { _protocol: { _cipher: { _encKey: key }, _decipher: {} } };
  useKeyObjects(client);
  useKeyObjects({});
  expect(client).toEqual({ _protocol: { _cipher: { _encKey: key }, _decipher: {} } });
});
