import { beforeEach, expect, it, vi } from 'vitest';
import { connectionTo } from './connection';

/** Loading all of Headlamp takes ten seconds: its real ApiProxy runs in the tests of the pages. */
const { clusterRequest, post } = vi.hoisted(() => ({ clusterRequest: vi.fn(), post: vi.fn() }));
vi.mock('@kinvolk/headlamp-plugin/lib', () => ({ ApiProxy: { clusterRequest, post } }));

const refused = (status: number, message: string) =>
  Object.assign(new Error(`Some Status - ${message}`), { status });

/** Namespaces whose ServiceAccount gives tokens, and what the sidecar answers without one. */
function world(open: string[], door = refused(401, 'a token is missing')) {
  post.mockImplementation(async (path: string) => {
    const namespace = /namespaces\/(.+)\/serviceaccounts/.exec(path)?.[1] ?? '';
    if (!open.includes(namespace)) throw refused(403, 'forbidden');
    return { status: { token: namespace } };
  });
  clusterRequest.mockImplementation(async (_: string, { headers }: { headers: object }) => {
    if (!('X-NKVM-Token' in headers)) throw door;
    return new Response(JSON.stringify({ user: headers['X-NKVM-Token'] }));
  });
}

let count = 0;
const look = (namespaces: string[]) => connectionTo(`cluster-${++count}`).look(namespaces);

beforeEach(() => void vi.resetAllMocks());

it.each<[string, string[], string[], object]>([
  ['an administrator', ['nkvm'], [], { state: 'ready', info: { user: 'nkvm' } }],
  ['a user of the first namespace', ['shop'], ['shop', 'bank'], { info: { user: 'shop' } }],
  ['a user of another namespace', ['bank'], ['shop', 'bank'], { info: { user: 'bank' } }],
  ['a user of none', [], ['shop', 'bank'], { right: { name: 'nkvm-user', namespace: 'shop' } }],
  ['a user without a namespace', [], [], { right: { name: 'nkvm-admin', namespace: 'nkvm' } }],
])('finds the sidecar for %s', async (_, open, namespaces, expected) => {
  world(open);
  expect(await look(namespaces)).toMatchObject(expected);
});

it('asks no further where there is no sidecar', async () => {
  world([], refused(404, 'services "nkvm" not found'));
  expect(await look(['shop', 'bank'])).toEqual({ state: 'absent' });
  expect(clusterRequest).toHaveBeenCalledTimes(1);
});

it('mints another token when the sidecar does not take the first', async () => {
  world(['nkvm']);
  clusterRequest.mockRejectedValueOnce(refused(401, 'the token has expired'));
  expect(await look([])).toMatchObject({ state: 'ready' });
  expect(post).toHaveBeenCalledTimes(2);
});
