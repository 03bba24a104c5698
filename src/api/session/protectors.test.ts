import { beforeEach, describe, expect, it, vi } from 'vitest';
import { clusterList, otherCluster, ownCluster } from '../../testing/clusterSamples';
import { connectionTo, placeChanged } from './connection';
import { placeOf, readPlacesFrom } from './place';
import { findProtectors } from './protectors';
import { refOfRecord } from './recordRef';

/** Loading all of Headlamp takes ten seconds: its real ApiProxy runs in the tests of the pages. */
const { clusterRequest, post } = vi.hoisted(() => ({ clusterRequest: vi.fn(), post: vi.fn() }));
vi.mock('@kinvolk/headlamp-plugin/lib', () => ({ ApiProxy: { clusterRequest, post } }));

/** What the plugin has sent, and where to. */
const minted: string[] = [];
const sent: { cluster: string; path: string; headers: Record<string, string> }[] = [];
let stored: object;

beforeEach(() => {
  vi.resetAllMocks();
  for (const list of [minted, sent]) list.length = 0;
  stored = { clusters: {} };
  readPlacesFrom(() => stored);
  ['home', 'edge', 'east'].forEach(placeChanged);
  post.mockImplementation(async (path: string, _1: object, _2: boolean, { cluster }) => {
    if (path.endsWith('selfsubjectreviews')) return { status: { userInfo: { username: 'ann' } } };
    minted.push(`${cluster} ${/namespaces\/(.+)\/token/.exec(path)?.[1]}`);
    return { status: { token: `of ${cluster}` } };
  });
  clusterRequest.mockImplementation(async (path: string, { cluster, headers = {} }) => {
    if (path === '/api/v1/namespaces/kube-system') return { metadata: { uid: 'uid-of-b' } };
    sent.push({ cluster, path: path.replace(/\/~\w+/, ''), headers });
    if (cluster === 'east') throw Object.assign(new Error('Not Found'), { status: 404 });
    const list = clusterList([ownCluster(), otherCluster({ name: 'site-b', uid: 'uid-of-b' })]);
    return new Response(JSON.stringify(path.includes('/clusters') ? list : { volumes: [] }));
  });
});

const protect = (protector: unknown): void => {
  stored = { clusters: {}, protectors: { edge: protector } };
  placeChanged('edge');
};

describe('a cluster that the NKVM of another one backs up', () => {
  it('is asked about there, by its name there, with a token of its own', async () => {
    protect({ runsIn: 'home', as: 'site-b' });
    await connectionTo('edge').client.volumes('shop');
    expect(minted).toEqual(['edge nkvm/serviceaccounts/nkvm-admin']);
    expect(sent).toEqual([
      {
        cluster: 'home',
        path: expect.stringMatching(/\/proxy\/api\/v1\/volumes\?cluster=site-b&namespace=shop$/),
        headers: { 'X-NKVM-Token': 'of edge', 'X-NKVM-Token-Cluster': 'site-b' },
      },
    ]);
  });

  it('leaves the requests about that other one as they are', async () => {
    protect({ runsIn: 'home', as: 'site-b' });
    await connectionTo('home').client.volumes('shop');
    expect(sent[0]?.headers).toEqual({ 'X-NKVM-Token': 'of home' });
    expect(sent[0]?.path).not.toContain('cluster=');
  });

  it('is the one that a record of that NKVM names', () => {
    protect({ runsIn: 'home', as: 'site-b' });
    expect(refOfRecord('edge', { cluster: 'site-b' })).toBe('edge');
    expect(refOfRecord('home', { cluster: 'site-b' })).toBe('home/site-b');
  });

  it.each([
    ['itself', { runsIn: 'edge', as: 'site-b' }],
    ['no cluster', { runsIn: '', as: 'site-b' }],
    ['a path', { runsIn: '../home', as: 'site-b' }],
    ['no name', { runsIn: 'home', as: 'Site B' }],
    ['text', 'home'],
  ])('is not taken from a stored setting that names %s', (_, protector) => {
    protect(protector);
    expect(placeOf('edge')).toEqual({ cluster: 'edge', namespace: 'nkvm', service: 'nkvm' });
  });
});

describe('the search for it', () => {
  it('finds the NKVM that knows the UID, and sends no token of the cluster anywhere', async () => {
    expect(await findProtectors('edge', ['home', 'east'])).toEqual([
      { runsIn: 'home', as: 'site-b' },
    ]);
    expect(minted.filter(line => line.startsWith('edge'))).toEqual([]);
    expect(
      sent.map(({ cluster, headers }) => [cluster, headers['X-NKVM-Token']])
    ).not.toContainEqual([expect.anything(), 'of edge']);
    expect(placeOf('edge').cluster).toBe('edge');
  });

  it('finds nothing where no NKVM knows it', async () => {
    clusterRequest.mockImplementation(async (path: string) =>
      path.endsWith('/kube-system')
        ? { metadata: { uid: 'another' } }
        : new Response(JSON.stringify(clusterList([ownCluster(), otherCluster()])))
    );
    expect(await findProtectors('edge', ['home'])).toEqual([]);
  });
});
