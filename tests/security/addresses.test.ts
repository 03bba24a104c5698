import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { HostileWorld } from './support/world.ts';
import { hostileWorld } from './support/world.ts';

let world: HostileWorld;
let token: string;
beforeAll(async () => {
  world = await hostileWorld();
  token = await world.kube.token({ namespace: 'nkvm', name: 'nkvm-admin' });
});
afterAll(() => world?.stop());

const LOGIN = { username: 'u', password: 'p', directory: '/x', insecure: 'true' };

/** An IPv6 address has brackets in a URL only. */
const bare = (host: string): string => host.replace(/[[\]]/g, '');

/** Complete settings of each kind, but for the place. */
const KINDS: Record<string, (host: string) => Record<string, string>> = {
  s3: host => ({
    ...{
      endpoint: `https://${host}`,
      region: 'us-east-1',
      bucket: 'backups',
      forcePathStyle: 'true',
    },
    ...{ accessKeyId: 'A', secretAccessKey: 'B' },
  }),
  sftp: host => ({ host: bare(host), ...LOGIN }),
  scp: host => ({ host: bare(host), ...LOGIN }),
  ftp: host => ({ host: bare(host), username: 'u', password: 'p', directory: '/x' }),
  ftps: host => ({ host: bare(host), username: 'u', password: 'p', directory: '/x' }),
  rsync: host => ({ host: bare(host), module: 'm', username: 'u', password: 'p' }),
  restic: host => ({
    ...{ repository: `s3:https://${host}/b/x`, password: 'p', region: 'us-east-1' },
    ...{ accessKeyId: 'A', secretAccessKey: 'B' },
  }),
};

const METADATA = ['169.254.169.254', '169.254.170.2', '[fe80::1]', '[fd00:ec2::254]', '2852039166'];

async function check(kind: string, settings: Record<string, string>): Promise<string> {
  const answer = await world.call('/api/v1/destinations/check', token, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'hostile', kind, settings }),
  });
  return await answer.text();
}

describe.each(Object.entries(KINDS))('a destination of kind %s', (kind, settingsFor) => {
  it.each(METADATA)('does not connect to the metadata of a cloud: %s', async host => {
    const answer = await check(kind, settingsFor(host));
    expect(answer).toContain('"reason":"AddressRefused"');
    expect(answer).not.toContain('{"step":"connect","state":"passed"');
  });
});

it('a redirect of an S3 server leads nowhere else', async () => {
  let followed = 0;
  const inside = createServer(
    (_, response) => void response.end((followed += 1) && 'secret-answer')
  );
  await new Promise<void>(resolve => inside.listen(0, '127.0.0.1', resolve));
  const outside = createServer((_, response) => {
    const { port } = inside.address() as AddressInfo;
    response.writeHead(307, { location: `http://127.0.0.1:${port}/latest/meta-data` }).end();
  });
  await new Promise<void>(resolve => outside.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void [inside, outside].forEach(server => server.close()));
  const { port } = outside.address() as AddressInfo;
  const answer = await check('s3', {
    ...KINDS.s3!(''),
    endpoint: `http://127.0.0.1:${port}`,
  });
  expect(followed).toBe(0);
  expect(answer).toContain('"passed":false');
  expect(answer).not.toContain('secret-answer');
});

it('a directory is none of those of NKVM', async () => {
  const { dir } = world.sidecar;
  for (const path of [dir, `${dir}/backups`, `${dir}/backups/x/..`, 'relative'])
    expect(await check('directory', { path }), path).toContain('"passed":false');
});
