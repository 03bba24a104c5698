import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backup, Check, Volume } from '../../sidecar/api/index.ts';
import type { Call } from '../cluster/support/backups.ts';
import { backUp } from '../cluster/support/backups.ts';
import { restore } from '../cluster/support/restores.ts';
import { until } from '../cluster/support/until.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import type { Draft } from '../playground/store/object.ts';
import { bindingOf, claimOf, namespaceOf } from './drafts.ts';

/** The longest that Kubernetes takes: 63 characters for a namespace, 253 for a claim, with dots. */
const NAMESPACE = 'n'.padEnd(63, 'a');
const LONG = `pvc.${'metrics-server-0.'.repeat(14)}`.padEnd(252, 'x');
const [ONE, OTHER, RESTORED] = ['1', '2', '3'].map(end => LONG + end) as [string, string, string];

const claim = (name: string): Draft => claimOf({ name, namespace: NAMESPACE });

const OBJECTS: Draft[] = [
  namespaceOf(NAMESPACE),
  bindingOf('nkvm-restore', NAMESPACE),
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'scraper' },
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'nkvm-metrics-reader',
    },
    subjects: [{ kind: 'ServiceAccount', name: 'nkvm-admin', namespace: 'nkvm' }],
  },
  claim(ONE),
  claim(OTHER),
];

describe('names of 253 characters, on the playground', { timeout: 60_000 }, () => {
  let world: Awaited<ReturnType<typeof playgroundWorld>>;
  let call: Call;
  let backups: Record<string, Backup>;

  beforeAll(async () => {
    expect(LONG).toHaveLength(252);
    const filled = [ONE, OTHER].map(name => ({ namespace: NAMESPACE, claim: name, bytes: 1e5 }));
    world = await playgroundWorld('admin', () => undefined, { objects: OBJECTS, filled });
    const token = await adminToken(world.kubeUrl);
    call = (path, init) => world.sidecar.fetch(path, token, init);
    backups = {
      [ONE]: await backUp(call, NAMESPACE, ONE),
      [OTHER]: await backUp(call, NAMESPACE, OTHER),
    };
  }, 60_000);
  afterAll(() => world?.stop());

  const json = async <T>(path: string, body?: unknown): Promise<T> => {
    const init = body === undefined ? {} : jsonPost(body);
    const answer = await call(`/api/v1/${path}`, init);
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const kube = async (path: string): Promise<any> =>
    await (await fetch(world.kubeUrl + path)).json();

  it('are in the path of the API', async () => {
    const volume = await json<Volume>(`volumes/${NAMESPACE}/${ONE}`);
    expect(volume).toMatchObject({ name: ONE, lastSuccess: { id: backups[ONE]?.id } });
  });

  it('have archives of their own, which file systems can hold with all that lies beside them', () => {
    const names = readdirSync(join(world.sidecar.dir, 'backups'));
    const archives = names.filter(each => each.endsWith('.tar.gz'));
    expect(archives).toHaveLength(2);
    for (const archive of archives) {
      expect(names).toEqual(expect.arrayContaining([`${archive}.json`, `${archive}.index.gz`]));
      expect(`${archive}.index.gz.age`.length).toBeLessThanOrEqual(255);
    }
  });

  it.each(['backups', 'restores'])('filter lists of %s, page by page', async path => {
    for (const name of path === 'backups' ? [ONE, OTHER] : [RESTORED]) {
      const list = await json<{ backups?: Backup[]; nextCursor: string | null }>(
        `${path}?namespace=${NAMESPACE}&name=${name}&limit=1`
      );
      expect(list.nextCursor).toBeNull();
      if (list.backups) expect(list.backups.map(each => each.name)).toEqual([name]);
    }
    const first = await json<{ nextCursor: string | null }>('backups?limit=1');
    const next = await json<{ backups: Backup[] }>(
      `backups?limit=1&cursor=${encodeURIComponent(first.nextCursor ?? '')}`
    );
    expect(next.backups).toMatchObject([{ name: ONE }]);
  });

  it('have files to look at, versions and a download', async () => {
    const id = backups[ONE]?.id;
    const { files } = await json<{ files: { path: string }[] }>(`backups/${id}/files`);
    expect(files.length).toBeGreaterThan(0);
    await json(`backups/${id}/files/versions?path=${encodeURIComponent(files[0]?.path ?? '')}`);
    const ticket = await json<{ path: string }>(`backups/${id}/downloads`, { paths: [] });
    const download = await fetch(`http://127.0.0.1:${world.sidecar.port}${ticket.path}`);
    expect([download.status, (await download.arrayBuffer()).byteLength]).toEqual([
      200,
      backups[ONE]?.bytes,
    ]);
  });

  it('are restored into a claim with such a name', async () => {
    const run = await restore(call, {
      backup: backups[ONE]?.id ?? '',
      target: { namespace: NAMESPACE, name: RESTORED, mode: 'new' },
    });
    expect(run).toMatchObject({ status: 'success', target: { name: RESTORED } });
    const path = `/api/v1/namespaces/${NAMESPACE}/persistentvolumeclaims/${RESTORED}`;
    expect(await kube(path)).toMatchObject({ status: { phase: 'Bound' } });
  });

  it.each(['verify', 'drill'])('are checked: %s', async what => {
    const path = `backups/${backups[OTHER]?.id}/${what}`;
    const { check } = await json<{ check: Check }>(path, {});
    const end = await until(
      `${what} has ended`,
      async () => {
        const now = await json<Check>(`checks/${check.id}`);
        return now.endedAt === null ? undefined : now;
      },
      60_000
    );
    expect(end).toMatchObject({ status: 'success', name: OTHER });
  });

  it('have Events and metrics', async () => {
    const path = `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events`;
    const regarding = await until(
      'the Events of the backups are there',
      async () => {
        const { items } = await kube(path);
        const names = items
          .filter(({ reason }: { reason: string }) => reason === 'BackupSucceeded')
          .map((each: any) => each.regarding.name);
        return names.length === 2 ? names : undefined;
      },
      20_000
    );
    expect(regarding.sort()).toEqual([ONE, OTHER]);
    const metrics = await (await call('/metrics')).text();
    for (const name of [ONE, OTHER]) expect(metrics).toContain(`"${name}"`);
  });
});

const jsonPost = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
