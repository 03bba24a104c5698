import { beforeEach, describe, expect, it, vi } from 'vitest';
import { troubleOf } from '../trouble';
import { connectionTo, onOtherPerson, placeChanged } from './connection';
import { type PlaceSettings, readPlacesFrom } from './place';

/** Loading all of Headlamp takes ten seconds: its real ApiProxy runs in the tests of the pages. */
const { clusterRequest, post } = vi.hoisted(() => ({ clusterRequest: vi.fn(), post: vi.fn() }));
vi.mock('@kinvolk/headlamp-plugin/lib', () => ({ ApiProxy: { clusterRequest, post } }));

const refused = (status: number, message: string) =>
  Object.assign(new Error(`Some Status - ${message}`), { status });

/** Namespaces whose ServiceAccount gives tokens to a person, and what the sidecar answers without one. */
function world(open: string[], door = refused(401, 'a token is missing')) {
  const state = { person: 'ann', open, tokens: [] as string[] };
  let minted = 0;
  post.mockImplementation(async (path: string) => {
    if (path.endsWith('selfsubjectreviews')) {
      return { status: { userInfo: { username: state.person } } };
    }
    const namespace = /namespaces\/(.+)\/serviceaccounts/.exec(path)?.[1] ?? '';
    if (!state.open.includes(namespace)) throw refused(403, 'forbidden');
    return { status: { token: `${state.person} in ${namespace} ${++minted}` } };
  });
  clusterRequest.mockImplementation(
    async (_: string, { headers }: { headers: Record<string, string> }) => {
      const token = headers['X-NKVM-Token'];
      if (!token) throw door;
      state.tokens.push(token);
      return new Response('{"volumes":[],"incomplete":false}');
    }
  );
  return state;
}

let count = 0;
const connect = () => connectionTo(`cluster-${++count}`);
const troubleWith = (namespace?: string) =>
  connect()
    .client.volumes(namespace)
    .then(
      () => undefined,
      error => troubleOf(error)
    );

beforeEach(() => {
  vi.resetAllMocks();
  readPlacesFrom(() => undefined);
});

it.each<[string, string[], string | undefined, object | undefined]>([
  ['an administrator', ['nkvm'], undefined, undefined],
  ['a user of a namespace', ['shop'], 'shop', undefined],
  ['a user of none', [], 'shop', { right: { name: 'nkvm-user', namespace: 'shop' } }],
  ['a user without a namespace', [], undefined, { right: { name: 'nkvm-admin' } }],
])('tells what is in the way of %s', async (_, open, namespace, expected) => {
  world(open);
  const trouble = await troubleWith(namespace);
  if (expected) expect(trouble).toMatchObject(expected);
  else expect(trouble).toBeUndefined();
});

it('tells that there is no sidecar where no token can be had either', async () => {
  world([], refused(404, 'services "nkvm" not found'));
  expect(await troubleWith('shop')).toEqual({ kind: 'absent' });
});

it('asks nothing of the sidecar but what is asked for', async () => {
  world(['nkvm']);
  await connect().client.volumes();
  expect(clusterRequest).toHaveBeenCalledTimes(1);
});

it('mints another token when the sidecar does not accept the first', async () => {
  const state = world(['nkvm']);
  clusterRequest.mockRejectedValueOnce(refused(401, 'the token has expired'));
  await connect().client.volumes();
  expect(state.tokens).toEqual(['ann in nkvm 2']);
});

describe('when another person logs in', () => {
  it('nothing is sent with the token of the person before', async () => {
    const state = world(['nkvm']);
    const { client } = connect();
    await client.volumes();
    state.person = 'ben';
    await client.volumes();
    expect(state.tokens).toEqual(['ann in nkvm 1', 'ben in nkvm 2']);
  });

  it('while a token is minted, nothing is sent with that token', async () => {
    const state = world(['nkvm']);
    const mint = post.getMockImplementation()!;
    post.mockImplementation(async (path: string) => {
      const answer = await mint(path);
      if (path.includes('serviceaccounts')) state.person = 'ben';
      return answer;
    });
    const { client } = connect();
    await expect(client.volumes()).rejects.toThrow('another person');
    expect(state.tokens).toEqual([]);
    await client.volumes();
    expect(state.tokens).toEqual(['ben in nkvm 2']);
  });

  it('each request has a token of its own where the API server does not tell who it is', async () => {
    const state = world(['nkvm']);
    const answer = post.getMockImplementation()!;
    post.mockImplementation(async (path: string) => {
      if (path.endsWith('selfsubjectreviews')) throw refused(404, 'not found');
      return answer(path);
    });
    const { client } = connect();
    await client.volumes();
    state.person = 'ben';
    await client.volumes();
    expect(state.tokens).toEqual(['ann in nkvm 1', 'ben in nkvm 2']);
  });

  it('everybody who keeps answers is told, for each cluster by itself', async () => {
    const state = world(['nkvm']);
    const told: string[] = [];
    onOtherPerson(cluster => void told.push(cluster));
    const first = connect();
    const second = connect();
    const name = `cluster-${count}`;
    await first.client.volumes();
    await second.client.volumes();
    state.person = 'ben';
    await second.client.volumes();
    expect(told).toEqual([name]);
  });

  it('a token is not used while the API server does not say who it is', async () => {
    const state = world(['nkvm']);
    const { client } = connect();
    await client.volumes();
    post.mockRejectedValue(refused(503, 'etcd is away'));
    await expect(client.volumes()).rejects.toMatchObject({ status: 503 });
    expect(state.tokens).toHaveLength(1);
  });
});

describe('where NKVM is installed in another namespace', () => {
  /** @returns the paths that NKVM was asked at, and the audiences of the tokens that were minted. */
  const asked = () => ({
    paths: clusterRequest.mock.calls.map(([path]) => String(path).replace(/\/proxy\/.*/, '')),
    audiences: post.mock.calls.flatMap(([, { spec }]) => spec?.audiences ?? []),
  });
  const place = { namespace: 'backup', service: 'volumes' };
  const choose = (settings: PlaceSettings) => readPlacesFrom(() => settings);

  it('it is asked there, with a token that no NKVM elsewhere takes', async () => {
    const state = world(['backup']);
    choose({ all: place, clusters: {} });
    await connect().client.volumes();
    expect(state.tokens).toEqual(['ann in backup 1']);
    expect(asked()).toEqual({
      paths: ['/api/v1/namespaces/backup/services/volumes:http'],
      audiences: ['nkvm.backup'],
    });
  });

  it('no token of before goes there', async () => {
    const state = world(['shop']);
    const { client } = connect();
    const cluster = `cluster-${count}`;
    await client.volumes('shop');
    const told = vi.fn();
    onOtherPerson(told);
    choose({ clusters: { [cluster]: place } });
    placeChanged(cluster);
    await client.volumes('shop');
    expect(state.tokens).toEqual(['ann in shop 1', 'ann in shop 2']);
    expect(told).toHaveBeenCalledWith(cluster);
  });

  it('not even one that was being minted when the person chose it', async () => {
    const state = world(['nkvm']);
    const { client } = connect();
    const mint = post.getMockImplementation()!;
    post.mockImplementation(async (path: string) => {
      if (path.includes('serviceaccounts')) choose({ all: place, clusters: {} });
      return mint(path);
    });
    await expect(client.volumes()).rejects.toThrow('another NKVM');
    expect(state.tokens).toEqual([]);
  });
});
