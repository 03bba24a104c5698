import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ClusterCheck, ClusterList } from '../../../api/index.ts';
import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import type { ClusterSecret } from '../../cluster/inventory/clusterSecrets.ts';
import { connectionsOf } from '../../clusters/connections.ts';
import { readKubeconfig } from '../../clusters/kubeconfig/readKubeconfig.ts';
import { clusterLooks } from '../../clusters/looks/clusterLooks.ts';
import { registryOf } from '../../clusters/registry.ts';
import { kubeconfigText } from '../../testing/cluster/kubeconfigText.ts';
import type { RemoteApiServer } from '../../testing/cluster/remoteApiServer.ts';
import { remoteApiServer } from '../../testing/cluster/remoteApiServer.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';
import type { ClusterNow } from '../clusters/clusters.ts';

const rules = { isLoopbackAllowed: true };
let world: HttpTestWorld;
let remote: RemoteApiServer;
/** The Secrets in the namespace of NKVM. */
let secrets: ClusterSecret[];
let changed: () => void;
/** Why writes of Secrets fail. */
let denied: ApiFailure | undefined;
/** How far NKVM has come with other clusters. */
let now: Record<string, ClusterNow>;
const logged: string[] = [];

beforeEach(async () => {
  secrets = [];
  changed = () => undefined;
  denied = undefined;
  logged.length = 0;
  const log = {
    info: (about: object, text: string) => void logged.push(JSON.stringify(about) + text),
    warn: (about: object, text: string) => void logged.push(JSON.stringify(about) + text),
  };
  remote = await remoteApiServer('uid-of-b');
  const connections = connectionsOf({
    ...{ ...rules, log, ownName: 'test' },
    secrets: {
      all: () => secrets,
      problem: () => undefined,
      onChange: listener => {
        changed = listener;
        return () => undefined;
      },
    },
  });
  const own = { name: 'test', uid: 'uid-own' };
  const looks = clusterLooks({ connections, own, now: () => new Date(), pauseMs: 20, ...rules });
  const write = (change: () => void) => async () => {
    if (denied) throw denied;
    change();
    changed();
  };
  const registry = registryOf({
    ...{ connections, looks, ...rules, ownName: 'test', namespace: 'nkvm' },
    writes: {
      create: (cluster, kubeconfig) =>
        write(() => put(`nkvm-cluster-${cluster}`, cluster, kubeconfig))(),
      replace: (name, kubeconfig) =>
        write(() => put(name, name.slice('nkvm-cluster-'.length), kubeconfig))(),
      remove: name => write(() => (secrets = secrets.filter(each => each.name !== name)))(),
    },
  });
  const ownCluster = { uid: 'uid-own', server: '10.0.0.1:6443', version: async () => 'v1.36.3' };
  now = {};
  world = await httpWorld({
    clusterAdmin: { registry, ownCluster },
    clusters: { names: () => Object.keys(now), of: name => now[name], find: () => undefined },
  });
  world.grants.keeper = ['get clusters nkvm/site-b', 'list persistentvolumeclaims shop'];
  onTestFinished(async () => {
    looks.stop();
    connections.stop();
    await remote.close();
    await world.close();
  });
});

function put(name: string, cluster: string, kubeconfig: string): void {
  const others = secrets.filter(each => each.name !== name);
  const createdAt = `2026-01-01T00:00:${10 + secrets.length}Z`;
  secrets = [...others, { name, cluster, kubeconfig, createdAt }];
}

const list = async (who = 'admin') =>
  ClusterList.parse((await world.ask(who, 'GET', 'clusters')).body);
const add = (body: object, who = 'admin') => world.ask(who, 'POST', 'clusters', body);
const stateOf = async (name: string) =>
  (await list()).clusters.find(each => each.name === name)?.state;
const eventually = <T>(look: () => T) => expect.poll(look, { interval: 20, timeout: 20_000 });

describe('a cluster', () => {
  it('is added, listed, given new credentials, and removed', async () => {
    const { status, body } = await add({ name: 'site-b', kubeconfig: remote.kubeconfig() });
    expect(status).toBe(201);
    expect(ClusterCheck.parse(body)).toEqual({
      ...{ name: 'site-b', version: 'v1.36.3', uid: 'uid-of-b', missing: [] },
      ...{ mayTooMuch: false, isStored: true, server: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
    });
    await eventually(() => stateOf('site-b')).toBe('ready');
    expect((await list()).clusters).toMatchObject([
      { name: 'test', isOwn: true, version: 'v1.36.3', uid: 'uid-own', volumes: 4, source: null },
      {
        ...{ name: 'site-b', isOwn: false, version: 'v1.36.3', uid: 'uid-of-b', problem: null },
        source: { kind: 'secret', name: 'nkvm-cluster-site-b' },
      },
    ]);

    remote.token = 'a-newer-token';
    await eventually(() => stateOf('site-b')).toBe('unreachable');
    expect((await list()).clusters[1]?.problem?.reason).toBe('ClusterCredentialsRefused');
    const replaced = { kubeconfig: remote.kubeconfig() };
    expect((await world.ask('admin', 'PUT', 'clusters/site-b', replaced)).status).toBe(200);
    await eventually(() => stateOf('site-b')).toBe('ready');

    expect((await world.ask('admin', 'DELETE', 'clusters/site-b')).status).toBe(204);
    expect(await stateOf('site-b')).toBeUndefined();
    expect((await world.ask('admin', 'DELETE', 'clusters/site-b')).status).toBe(404);
  });

  it('is stored as what the whitelist took, and nothing else', async () => {
    const kubeconfig = `${remote.kubeconfig()}\nextra: {password: hunter2}\n`;
    await add({ name: 'site-b', kubeconfig });
    const stored = secrets[0]?.kubeconfig ?? '';
    expect(stored).not.toContain('hunter2');
    expect(readKubeconfig(stored, rules)).toEqual(readKubeconfig(kubeconfig, rules));
    expect(readKubeconfig(stored, rules)).toHaveProperty('access.token', remote.token);
  });

  it('is only checked in a dry run, which tells the missing rights', async () => {
    remote.denied = ['list nodes', 'create tokenreviews'];
    const body = { name: 'site-b', kubeconfig: remote.kubeconfig(), dryRun: true };
    expect(await add(body)).toMatchObject({
      status: 200,
      body: {
        isStored: false,
        mayTooMuch: true,
        missing: [
          { verb: 'list', group: '', resource: 'nodes' },
          { verb: 'create', group: 'authentication.k8s.io', resource: 'tokenreviews' },
        ],
      },
    });
    expect(secrets).toEqual([]);
  });

  it('appears when a person creates its Secret, also when it is refused', async () => {
    put('by-hand', 'site-c', kubeconfigText({ user: { exec: { command: 'aws' } } }));
    changed();
    expect((await list()).clusters[1]).toMatchObject({
      ...{ name: 'site-c', state: 'refused', server: null },
      problem: { reason: 'KubeconfigFieldRefused', message: expect.stringContaining('user.exec') },
    });
    put('by-hand', 'site-c', remote.kubeconfig());
    changed();
    await eventually(() => stateOf('site-c')).toBe('ready');
  });

  it('is refused when its API server says that it is one that is known', async () => {
    remote.uid = 'uid-own';
    put('by-hand', 'site-c', remote.kubeconfig());
    changed();
    await eventually(() => stateOf('site-c')).toBe('refused');
    expect((await list()).clusters[1]?.problem?.reason).toBe('ClusterKnownAlready');
  });
});

it('has the number of volumes of a cluster that is used, and why another one is not', async () => {
  await add({ name: 'site-b', kubeconfig: remote.kubeconfig() });
  await eventually(() => stateOf('site-b')).toBe('ready');
  expect((await list()).clusters[1]).toMatchObject({ volumes: null });
  now['site-b'] = { world: world.parts as never };
  expect((await list()).clusters[1]).toMatchObject({ state: 'ready', volumes: 4 });
  const problem = { reason: 'ClusterReplaced', message: 'it is another one', hint: 'remove it' };
  now['site-b'] = { problem: { ...problem, isPassing: true } };
  expect((await list()).clusters[1]).toMatchObject({ state: 'ready', problem: null });
  now['site-b'] = { problem: { ...problem, isPassing: false } };
  expect((await list()).clusters[1]).toMatchObject({ state: 'refused', problem });
});

describe('a request is refused', () => {
  const body = () => ({ name: 'site-b', kubeconfig: remote.kubeconfig() });

  it.each<[string, () => object, number, string]>([
    ['a name that is not one', () => ({ ...body(), name: 'Site B' }), 400, 'BadRequest'],
    ['the name of the own cluster', () => ({ ...body(), name: 'test' }), 409, 'ClusterNameRefused'],
    ['a field that is not known', () => ({ ...body(), server: 'x' }), 400, 'BadRequest'],
    [
      'a kubeconfig that is too long',
      () => ({ ...body(), kubeconfig: 'x'.repeat(200_000) }),
      400,
      'BadRequest',
    ],
    [
      'a program',
      () => ({ ...body(), kubeconfig: kubeconfigText({ user: { exec: {} } }) }),
      422,
      'KubeconfigFieldRefused',
    ],
    [
      'a context that is not there',
      () => ({ ...body(), context: 'other' }),
      422,
      'KubeconfigContextMissing',
    ],
    [
      'a server that does not answer',
      () => ({
        ...body(),
        kubeconfig: kubeconfigText({ cluster: { server: 'https://127.0.0.1:1' } }),
      }),
      422,
      'ClusterUnreachable',
    ],
    [
      'credentials that are not valid',
      () => ({ ...body(), kubeconfig: remote.kubeconfig().replace(remote.token, 'old') }),
      422,
      'ClusterCredentialsRefused',
    ],
    [
      'another authority',
      () => ({
        ...body(),
        kubeconfig: remote.kubeconfig().replace(/ +certificate-authority-data: .*\n/, ''),
      }),
      422,
      'ClusterUnreachable',
    ],
  ])('for %s', async (_, sent, status, reason) => {
    expect(await add(sent())).toMatchObject({ status, body: { reason } });
    expect(secrets).toEqual([]);
  });

  it('for a cluster that is known under another name, or is the own one', async () => {
    await add(body());
    await eventually(() => stateOf('site-b')).toBe('ready');
    const again = await add({ ...body(), name: 'site-c' });
    expect(again).toMatchObject({ status: 409, body: { reason: 'ClusterKnownAlready' } });
    expect(again.body.message).toContain('site-b');
    expect(await add(body())).toMatchObject({
      status: 409,
      body: { reason: 'ClusterNameRefused' },
    });
    remote.uid = 'uid-own';
    const own = await add({ ...body(), name: 'site-d' });
    expect(own).toMatchObject({ status: 409, body: { reason: 'ClusterKnownAlready' } });
  });

  it('for a new kubeconfig that leads to another cluster', async () => {
    await add(body());
    await eventually(() => stateOf('site-b')).toBe('ready');
    const other = await remoteApiServer('uid-of-another');
    onTestFinished(() => other.close());
    const answer = await world.ask('admin', 'PUT', 'clusters/site-b', {
      kubeconfig: other.kubeconfig(),
    });
    expect(answer).toMatchObject({ status: 409, body: { reason: 'ClusterReplaced' } });
    expect(secrets[0]?.kubeconfig).toContain(remote.token);
  });

  it('where NKVM may not write Secrets, with what to do', async () => {
    denied = new ApiFailure('forbidden', { kind: 'refused', class: 'needs-action', status: 403 });
    expect(await add(body())).toMatchObject({
      status: 409,
      body: { reason: 'ClusterSecretNotWritten', hint: expect.stringContaining('nkvm-clusters') },
    });
  });

  it.each<['POST' | 'PUT' | 'DELETE', string]>([
    ['POST', 'clusters'],
    ['PUT', 'clusters/site-b'],
    ['DELETE', 'clusters/site-b'],
  ])('for those without the right: %s', async (method, path) => {
    await add(body());
    const sent = {
      POST: { ...body(), name: 'site-c' },
      PUT: { kubeconfig: 'x' },
      DELETE: undefined,
    };
    for (const who of ['shopper', 'keeper', 'nobody'])
      expect(await world.ask(who, method, path, sent[method])).toMatchObject({ status: 403 });
    expect(secrets).toHaveLength(1);
    expect(secrets[0]?.kubeconfig).toContain(remote.token);
  });
});

it('shows only the clusters that the caller may see, and of the own one what the caller may know', async () => {
  await add({ name: 'site-b', kubeconfig: remote.kubeconfig() });
  put('refused', 'site-c', 'x');
  changed();
  expect(await list('keeper')).toMatchObject({
    clusters: [{ name: 'test', server: null, uid: null, volumes: null }, { name: 'site-b' }],
    ...{ mayAdd: false, mayManage: false },
  });
  expect((await list('shopper')).clusters).toMatchObject([{ name: 'test', version: null }]);
  expect((await list('admin')).clusters.map(({ name }) => name)).toEqual([
    'test',
    'site-b',
    'site-c',
  ]);
});

it('never shows a credential: not in answers, not in the log', async () => {
  const sent = { name: 'site-b', kubeconfig: remote.kubeconfig() };
  const authority = /certificate-authority-data: (.{40})/.exec(sent.kubeconfig)?.[1] ?? '-';
  const answers = [
    await add({ ...sent, dryRun: true }),
    await add({ ...sent, kubeconfig: sent.kubeconfig.replace('token:', 'tokenFile:') }),
    await add({ ...sent, kubeconfig: `{${sent.kubeconfig}` }),
    await add({ ...sent, kubeconfig: [sent.kubeconfig] }),
    await add(sent),
    await add(sent),
    await world.ask('admin', 'PUT', 'clusters/site-b', { kubeconfig: sent.kubeconfig }),
    await world.ask('admin', 'GET', 'clusters'),
  ];
  await eventually(() => stateOf('site-b')).toBe('ready');
  const said = [JSON.stringify(answers), world.logged, ...logged].join('\n');
  expect(said).toContain('site-b');
  for (const secret of [remote.token, authority]) expect(said).not.toContain(secret);
});
