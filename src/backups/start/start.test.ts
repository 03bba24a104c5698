import { describe, expect, it, vi } from 'vitest';
import type { VolumeRef } from '../../../sidecar/api';
import { aBackup, startedBackups, unbound } from '../../testing/samples';
import { groupedByReason, type How, startAll, type Target } from './start';

/** Loading all of Headlamp takes ten seconds. */
vi.mock('@kinvolk/headlamp-plugin/lib', () => ({ ApiProxy: {} }));

const target = (name: string, namespace = 'shop', cluster = 'main'): Target => ({
  cluster,
  namespace,
  name,
});

/**
 * A sidecar that refuses those named in `bad`: with an obstacle beside others that it accepts, or the whole request with
 * that status.
 */
function sidecar(bad: Record<string, 'refused' | number> = {}, isAdministrator = true) {
  const requests: string[] = [];
  const connectionTo = (cluster: string) => ({
    isAdministrator: async () => isAdministrator,
    client: {
      async start(
        volumes: VolumeRef[],
        { namespace, destinations, form }: How & { namespace?: string } = {}
      ) {
        const names = volumes.map(({ namespace, name }) => `${namespace}/${name}`).join(' ');
        const to = destinations ? ` to ${destinations.join(' ')}` : '';
        requests.push(`${cluster} ${namespace}: ${names}${to}${form ? `, ${form}` : ''}`);
        const whole = volumes.find(({ name }) => typeof bad[name] === 'number');
        if (whole) {
          throw Object.assign(new Error(`Conflict - ${whole.name} is not bound`), {
            status: bad[whole.name],
          });
        }
        const accepted = volumes.filter(({ name }) => !bad[name]);
        return startedBackups(
          accepted.map(({ namespace, name }) => aBackup({ namespace, name, status: 'queued' })),
          volumes
            .filter(({ name }) => bad[name])
            .map(({ namespace, name }) => ({ namespace, name, ...unbound }))
        );
      },
    },
  });
  return { requests, connectionTo };
}

const namesOf = (backups: { name: string }[]) => backups.map(({ name }) => name);

describe('starting backups', () => {
  it('is one request for an administrator, whatever the namespaces', async () => {
    const { requests, connectionTo } = sidecar();
    const { started } = await startAll([target('a'), target('b', 'bank')], connectionTo);
    expect(requests).toEqual(['main shop: shop/a bank/b']);
    expect(namesOf(started)).toEqual(['a', 'b']);
  });

  it('goes where it is told, also when a request is taken apart', async () => {
    const { requests, connectionTo } = sidecar({ b: 409 });
    await startAll([target('a'), target('b')], connectionTo, {
      destinations: ['offsite', 'nas'],
      form: 'full',
    });
    expect(requests).toEqual([
      'main shop: shop/a shop/b to offsite nas, full',
      'main shop: shop/a to offsite nas, full',
      'main shop: shop/b to offsite nas, full',
    ]);
  });

  it('is a request for each namespace and cluster for everybody else', async () => {
    const { requests, connectionTo } = sidecar({}, false);
    await startAll(
      [target('a'), target('b', 'bank'), target('c', 'shop', 'other'), target('d')],
      connectionTo
    );
    expect(requests.sort()).toEqual([
      'main bank: bank/b',
      'main shop: shop/a shop/d',
      'other shop: shop/c',
    ]);
  });

  it('is several requests where one would be too big', async () => {
    const { requests, connectionTo } = sidecar();
    const { started } = await startAll(
      Array.from({ length: 201 }, (_, i) => target(`v${i}`)),
      connectionTo
    );
    expect(requests).toHaveLength(3);
    expect(started).toHaveLength(201);
  });

  it('starts the others when a volume is refused, and says which and why', async () => {
    const { requests, connectionTo } = sidecar({ b: 'refused' });
    const { started, refused } = await startAll(
      [target('a'), target('b'), target('c')],
      connectionTo
    );
    expect(requests).toHaveLength(1);
    expect(namesOf(started)).toEqual(['a', 'c']);
    expect(refused).toEqual([{ target: target('b'), ...unbound }]);
  });

  it('takes a request apart that was refused as a whole', async () => {
    const { connectionTo } = sidecar({ b: 409 });
    const { started, refused } = await startAll([target('a'), target('b')], connectionTo);
    expect(namesOf(started)).toEqual(['a']);
    expect(refused).toEqual([
      {
        ...{ target: target('b'), reason: null, message: 'b is not bound', hint: '' },
        trouble: { kind: 'failed', message: 'b is not bound' },
      },
    ]);
  });

  it.each([401, 429, 500, 503])(
    'is not tried for each volume when it ended with %i',
    async status => {
      const { requests, connectionTo } = sidecar({ b: status });
      const { refused } = await startAll([target('a'), target('b')], connectionTo);
      expect(requests).toHaveLength(1);
      expect(refused).toHaveLength(2);
    }
  );
});

it('groups refusals by their reason, the most frequent first', () => {
  const refusal = (name: string, reason: string | null, message = '') => ({
    target: target(name),
    reason,
    message,
    hint: '',
  });
  const groups = groupedByReason([
    refusal('a', 'ClaimInUse'),
    refusal('b', 'ClaimNotBound'),
    refusal('c', 'ClaimNotBound'),
    refusal('d', null, 'away'),
  ]);
  expect(groups.map(({ reason, refusals }) => `${reason} ${refusals.length}`)).toEqual([
    'ClaimNotBound 2',
    'ClaimInUse 1',
    'null 1',
  ]);
});
