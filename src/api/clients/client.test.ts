import { describe, expect, it } from 'vitest';
import { aVolume, volumeList } from '../../testing/samples';
import { createClient } from './client';
import type { SidecarRequest } from './send';

/** A client, and what it sent. */
function spied(answer: () => Response = () => new Response('{"backups":[],"volumes":[]}')) {
  const sent: SidecarRequest[] = [];
  const client = createClient(async request => {
    sent.push(request);
    return answer();
  });
  return { client, sent };
}

/** A claim as the pages hold it: with more than the sidecar takes. */
const claim = { cluster: 'main', namespace: 'shop', name: 'orders-db' };

describe('the client', () => {
  it('sends only what the contract names', async () => {
    const { client, sent } = spied();
    await client.backups(claim);
    await client.start([claim], { namespace: 'shop' });
    expect(sent).toMatchObject([
      { path: '/api/v1/backups?namespace=shop&name=orders-db', namespace: 'shop' },
      {
        path: '/api/v1/backups',
        body: { volumes: [{ namespace: 'shop', name: 'orders-db' }] },
        namespace: 'shop',
      },
    ]);
    expect(JSON.stringify(sent)).not.toContain('cluster');
  });

  it('encodes what is part of a path', async () => {
    const { client, sent } = spied();
    await client.backup('../volumes');
    expect(sent[0]?.path).toBe('/api/v1/backups/..%2Fvolumes');
  });
});

describe('the list of volumes', () => {
  const list = volumeList([aVolume()]);
  const served = () => new Response(JSON.stringify(list), { headers: { ETag: '"7"' } });

  it('is downloaded with its ETag', async () => {
    expect(await spied(served).client.volumes()).toEqual({ ...list, etag: '"7"' });
  });

  it('is not downloaded again while it is the same', async () => {
    const { client, sent } = spied(() => {
      throw Object.assign(new Error('Not Modified'), { status: 304 });
    });
    const known = { ...list, etag: '"7"' };
    expect(await client.volumes(undefined, known)).toBe(known);
    expect(sent[0]).toMatchObject({ ifNoneMatch: '"7"' });
  });
});
