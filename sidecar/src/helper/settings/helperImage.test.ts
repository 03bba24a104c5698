import { describe, expect, it } from 'vitest';
import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import type { Pod, Pods } from '../../cluster/gateway/pods.ts';
import { DEFAULT_HELPER_IMAGE, helperImageOf } from './helperImage.ts';

const MIRROR = 'registry.example/mirror/nkvm:v1';
const ownPod = { namespace: 'nkvm', name: 'nkvm-7d9f-abcde' };
const podWith =
  (...containers: { name: string; image: string }[]): Pods['get'] =>
  async () =>
    ({ spec: { containers } } as unknown as Pod);
const refusing: Pods['get'] = async () => {
  throw new ApiFailure('pods is forbidden', {
    kind: 'refused',
    class: 'needs-action',
    status: 403,
  });
};

async function decide(
  get: Pods['get'],
  more: { set?: string; ownPod?: typeof ownPod | undefined } = {}
) {
  const said: string[] = [];
  const log = { warn: (_: object, text: string) => void said.push(text) };
  const image = await helperImageOf({ pods: { get }, log, set: undefined, ownPod, ...more });
  return { image, said: said.join() };
}

describe('the image of helper pods', () => {
  it.each([
    ['is the setting', podWith({ name: 'nkvm', image: MIRROR }), { set: 'other:1' }, 'other:1'],
    ['is that of the own pod', podWith({ name: 'nkvm', image: MIRROR }), {}, MIRROR],
    [
      'is that of the own container, whatever was injected before it',
      podWith({ name: 'istio-proxy', image: 'istio:1' }, { name: 'nkvm', image: MIRROR }),
      {},
      MIRROR,
    ],
    [
      'is that of the only container, whatever its name',
      podWith({ name: 'backup', image: MIRROR }),
      {},
      MIRROR,
    ],
    ['is the default outside of a cluster', refusing, { ownPod: undefined }, DEFAULT_HELPER_IMAGE],
  ] as const)('%s', async (_, get, more, expected) => {
    expect(await decide(get, more)).toEqual({ image: expected, said: '' });
  });

  it.each([
    ['the pod may not be read', refusing, 'pods is forbidden'],
    ['there is no such pod', async () => undefined, 'no pod of this name'],
    [
      'no container is ours',
      podWith({ name: 'a', image: 'a:1' }, { name: 'b', image: 'b:1' }),
      'no container nkvm',
    ],
  ] as const)('is the default, with a warning, when %s', async (_, get, why) => {
    const { image, said } = await decide(get);
    expect(image).toBe(DEFAULT_HELPER_IMAGE);
    expect(said).toContain(why);
    expect(said).toContain('set NKVM_HELPER_IMAGE');
  });

  it('is asked for again when the API server does not answer', async () => {
    const away: Pods['get'] = async () => {
      throw new ApiFailure('no answer', { kind: 'unreachable', class: 'transient' });
    };
    await expect(decide(away)).rejects.toThrow('no answer');
  });
});
