import { describe, expect, it } from 'vitest';
import type { VolumeRef } from '../../sidecar/api';
import { aBackup } from '../testing/samples';
import { startAll, type Target } from './start';

const target = (name: string, namespace = 'shop', cluster = 'main'): Target => ({
  cluster,
  namespace,
  name,
});

/** Refuses a request that holds one of `bad`, with that status. */
function sidecar(bad: Record<string, number> = {}) {
  const requests: string[] = [];
  const clientOf = (cluster: string) => ({
    async start(volumes: VolumeRef[]) {
      requests.push(
        `${cluster}: ${volumes.map(({ namespace, name }) => `${namespace}/${name}`).join(' ')}`
      );
      const refused = volumes.find(({ name }) => bad[name]);
      if (refused) {
        throw Object.assign(new Error(`Conflict - ${refused.name} is not bound`), {
          status: bad[refused.name],
        });
      }
      return volumes.map(volume => aBackup({ ...volume, status: 'queued' }));
    },
  });
  return { requests, clientOf };
}

const namesOf = (backups: { name: string }[]) => backups.map(({ name }) => name);

describe('starting backups', () => {
  it('is one request for the volumes of a namespace', async () => {
    const { requests, clientOf } = sidecar();
    const { started } = await startAll([target('a'), target('b')], clientOf);
    expect(requests).toEqual(['main: shop/a shop/b']);
    expect(namesOf(started)).toEqual(['a', 'b']);
  });

  it('is a request for each namespace and cluster', async () => {
    const { requests, clientOf } = sidecar();
    await startAll(
      [target('a'), target('b', 'bank'), target('c', 'shop', 'other'), target('d')],
      clientOf
    );
    expect(requests).toEqual(['main: shop/a shop/d', 'main: bank/b', 'other: shop/c']);
  });

  it('is several requests where one would be too big', async () => {
    const { requests, clientOf } = sidecar();
    const { started } = await startAll(
      Array.from({ length: 201 }, (_, i) => target(`v${i}`)),
      clientOf
    );
    expect(requests).toHaveLength(3);
    expect(started).toHaveLength(201);
  });

  it('starts the others when a volume is refused, and says which and why', async () => {
    const { clientOf } = sidecar({ b: 409 });
    const { started, refused } = await startAll([target('a'), target('b'), target('c')], clientOf);
    expect(namesOf(started)).toEqual(['a', 'c']);
    expect(refused).toEqual([{ target: target('b'), message: 'b is not bound' }]);
  });

  it.each([401, 429, 500, 503])(
    'is not tried for each volume when it ended with %i',
    async status => {
      const { requests, clientOf } = sidecar({ b: status });
      const { refused } = await startAll([target('a'), target('b')], clientOf);
      expect(requests).toHaveLength(1);
      expect(refused).toHaveLength(2);
    }
  );
});
