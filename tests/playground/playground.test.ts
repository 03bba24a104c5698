import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../cluster/support/until.ts';
import { Client } from '../contract/client.ts';
import { type PlaygroundOptions, startPlayground } from './playground.ts';

const POD = `
apiVersion: v1
kind: Pod
metadata: {name: sleeper}
spec:
  containers: [{name: main, image: busybox, command: [sh, -c, 'sleep 1000 & sleep 1000']}]
`;

/** A playground in a directory of its own, so that a test sees what is left of it. */
async function start(options: PlaygroundOptions = {}) {
  const root = mkdtempSync(join(tmpdir(), 'playground-test-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const playground = await startPlayground({ ...options, root });
  onTestFinished(() => playground.stop());
  const client = new Client(playground.kubeconfigFor('admin'));
  return { playground, client, root };
}

const isAlive = (group: number): boolean => {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
};

/** Waits until a playground whose directory is in `root` runs something. @returns its process groups. */
const running = (root: string): Promise<number[]> =>
  until(
    'something runs',
    () => {
      const [directory = ''] = readdirSync(root);
      const groups = readdirSync(join(root, directory, 'groups')).map(Number);
      return groups.length > 0 ? groups : undefined;
    },
    10_000,
    10
  );

describe('the playground', { timeout: 30_000 }, () => {
  it('leaves no process and no file behind when it is stopped', async () => {
    const { playground, root } = await start();
    playground.apply(POD);
    const groups = await running(root);
    expect(groups.every(isAlive)).toBe(true);
    await playground.stop();
    expect(readdirSync(root)).toEqual([]);
    // What was killed may wait a moment for process 1 to take note of it.
    await until('its processes are gone', () => !groups.some(isAlive), 5_000, 10);
  });

  it('leaves no process and no file behind when it is killed', async () => {
    const root = mkdtempSync(join(tmpdir(), 'playground-test-'));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const module = JSON.stringify(join(import.meta.dirname, 'playground.ts'));
    const script = `
      const { startPlayground } = await import(${module});
      const playground = await startPlayground({ root: ${JSON.stringify(root)} });
      playground.apply(${JSON.stringify(POD)});`;
    const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: 'inherit',
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const groups = await running(root);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until('its processes are gone', () => !groups.some(isAlive), 5_000, 10);
    await until('its files are gone', () => readdirSync(root).length === 0, 5_000, 10);
  });

  it('says which port is taken, and leaves nothing behind', async () => {
    const other = http.createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const root = mkdtempSync(join(tmpdir(), 'playground-test-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    await expect(startPlayground({ port, root })).rejects.toThrow(`127.0.0.1:${port}`);
    expect(readdirSync(root)).toEqual([]);
  });

  it('lets users do what their bindings say, and counts whoever uses a port opened for one as that user', async () => {
    const { playground, client } = await start();
    await client.post('/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
      metadata: { name: 'viewer' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'User', name: 'viewer' }],
    });
    const pods = '/api/v1/namespaces/default/pods';
    const viewer = new Client(playground.kubeconfigFor('viewer'));
    expect((await viewer.get(pods)).status).toBe(200);
    expect((await viewer.post(pods, {})).status).toBe(403);
    expect((await viewer.get('/api/v1/namespaces/kube-system/pods')).status).toBe(403);

    const url = await playground.proxyAs('viewer');
    expect((await fetch(url + pods)).status).toBe(200);
    expect((await fetch(url + pods, { method: 'POST', body: '{}' })).status).toBe(403);
    const stranger = await fetch(url + pods, { headers: { origin: 'http://evil.test' } });
    expect(stranger.status).toBe(403);
  });

  it('adds ClusterRoles to the built-in ones that select them', async () => {
    const { playground, client } = await start();
    await client.post('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      metadata: {
        name: 'extra',
        labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' },
      },
      rules: [{ apiGroups: ['nkvm.io'], resources: ['audit'], verbs: ['get'] }],
    });
    for (const role of ['view', 'edit', 'admin']) {
      const path = `/apis/rbac.authorization.k8s.io/v1/clusterroles/${role}`;
      await until(
        `${role} has it`,
        async () => (await client.get(path)).text.includes('nkvm.io'),
        2_000,
        10
      );
    }
    expect(playground.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('serves a Service of this machine, another one after a change, and none that is not there', async () => {
    const { playground, client } = await start();
    const path = '/api/v1/namespaces/default/services/shop:http/proxy/';
    const serve = async (text: string): Promise<number> => {
      const server = http
        .createServer((_, response) => void response.end(text))
        .listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => void server.close());
      return (server.address() as AddressInfo).port;
    };
    expect((await client.get(path)).status).toBe(404);
    playground.setServiceBackend('default', 'shop', 'http', await serve('one'));
    expect((await client.get(path)).text).toBe('one');
    playground.setServiceBackend('default', 'shop', 'http', await serve('two'));
    expect((await client.get(path)).text).toBe('two');
  });

  it('answers a watch from a forgotten version with 410, whether it was told to forget or had too much to remember', async () => {
    const { playground, client } = await start({ historyLimit: 3 });
    const maps = '/api/v1/namespaces/default/configmaps';
    const first = async (version: string) => {
      const { text } = await client.get(
        `${maps}?watch=true&timeoutSeconds=1&resourceVersion=${version}`
      );
      return text === '' ? undefined : JSON.parse(text.split('\n')[0]!).object;
    };
    const make = async (name: string) =>
      (await client.post(maps, { metadata: { name } })).json.metadata.resourceVersion;
    const one = await make('one');
    const two = await make('two');
    expect((await first(one)).metadata.name).toBe('two');
    for (const name of ['three', 'four', 'five']) await make(name);
    expect(await first(one)).toMatchObject({ code: 410, reason: 'Expired' });
    expect((await first(two)).metadata.name).toBe('three');
    playground.forgetHistory();
    expect((await first(two)).code).toBe(410);
  });

  it('shows Events under both of their names', async () => {
    const { playground, client } = await start();
    playground.apply(POD);
    const about = 'fieldSelector=reason%3DStarted';
    const list = () => client.get(`/apis/events.k8s.io/v1/namespaces/default/events`);
    const { items } = (await until(
      'it has started',
      async () => {
        const { json } = await client.get(`/api/v1/namespaces/default/events?${about}`);
        return json.items.length > 0 && json;
      },
      5_000,
      10
    )) as { items: { message: string }[] };
    expect(items[0]!.message).toBe('Container started');
    const notes = (await list()).json.items.map(({ note }: { note: string }) => note);
    expect(notes).toContain('Container started');
  });

  it('gives a command a terminal where it asks for one', async () => {
    const { playground, client } = await start();
    playground.apply(POD);
    const pod = '/api/v1/namespaces/default/pods/sleeper';
    await until(
      'it runs',
      async () => (await client.get(pod)).json.status.phase === 'Running',
      5_000,
      10
    );
    const output: Buffer[] = [];
    const { closed } = await client.connect(
      `${pod}/exec?command=tty&stdout=1&tty=1`,
      ['v4.channel.k8s.io'],
      data => void (data[0] === 1 && output.push(data.subarray(1)))
    );
    await closed;
    expect(Buffer.concat(output).toString()).toMatch(/^\/dev\//);
  });

  it('refuses a volume of a claim that is not bound', async () => {
    const { playground } = await start();
    expect(() => playground.volumePath('default', 'none')).toThrow(
      'claim default/none is not bound'
    );
    expect(existsSync(playground.kubeconfigFor('admin'))).toBe(true);
  });
});
