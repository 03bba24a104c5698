import { createClient } from './client';
import type { SidecarRequest } from './send';

/** A client, and what it sent. */
function spied() {
  const sent: SidecarRequest[] = [];
  const client = createClient(async request => {
    sent.push(request);
    return new Response('{"backups":[],"volumes":[]}');
  });
  return { client, sent };
}

/** A claim as the pages hold it: with more than the sidecar takes. */
const claim = { cluster: 'main', namespace: 'shop', name: 'orders-db' };

describe('the client', () => {
  it('sends only what the contract names', async () => {
    const { client, sent } = spied();
    await client.backups(claim);
    await client.start([claim]);
    expect(sent).toMatchObject([
      { path: '/api/v1/backups?namespace=shop&name=orders-db', namespace: 'shop' },
      { path: '/api/v1/backups', body: { volumes: [{ namespace: 'shop', name: 'orders-db' }] } },
    ]);
    expect(JSON.stringify(sent)).not.toContain('cluster');
  });

  it('encodes what stands in a path', async () => {
    const { client, sent } = spied();
    await client.backup('../volumes');
    expect(sent[0]?.path).toBe('/api/v1/backups/..%2Fvolumes');
  });
});
