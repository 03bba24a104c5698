import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { backUp } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import type { Json } from './support/kube.ts';
import type { HostileWorld } from './support/world.ts';
import { hostileWorld } from './support/world.ts';

const NAMESPACE = 'names-team';
const CLAIM = 'hostile-names.v1';
/** A shell that runs one of the names below makes this file. */
const PROOF = join(tmpdir(), `nkvm-names-${process.pid}`);

/** Names that could break a shell, HTML, CSV, SQL, PromQL, a terminal, a log or a header. */
const TEXTS = [
  `$(touch ${PROOF})`,
  `\`touch ${PROOF}\``,
  `'; touch ${PROOF}; '`,
  `"; touch ${PROOF}; "`,
  '<img src=x onerror=alert(1)>',
  '=HYPERLINK("http://x","y")',
  "'; DROP TABLE runs; --",
  '"} or vector(1) #',
  '\u001b[2J\u001b]0;title\u0007',
  'two\nlines\r\nX-Injected: 1',
  '\u202egnp.exe',
  '--checkpoint-action=exec=sh',
  '../../etc/passwd',
];
/** A name of a file has no slash. */
const FILES = TEXTS.map(text => text.replaceAll('/', '_'));
const ANNOTATIONS = [
  'schedule',
  'suspend',
  'keep',
  'hold-until',
  'incremental',
  'drill',
  'exclude',
  'accept-change',
  'restored-from',
  'started-empty',
];

let world: HostileWorld;
let token: string;
let backup: Json;

const get = async (path: string): Promise<Json> => {
  const answer = await world.call(`/api/v1/${path}`, token);
  const body = await answer.json();
  expect([path, answer.status, body.message]).toEqual([path, 200, undefined]);
  return body;
};

beforeAll(async () => {
  world = await hostileWorld({ NKVM_LOG_LEVEL: 'debug' });
  token = await world.kube.token({ namespace: 'nkvm', name: 'nkvm-admin' });
  await world.namespace(NAMESPACE);
  const annotations = Object.fromEntries(
    ANNOTATIONS.map((name, index) => [`nkvm.io/${name}`, TEXTS[index % TEXTS.length]])
  );
  await world.claim(
    NAMESPACE,
    CLAIM,
    Object.fromEntries(FILES.map((name, index) => [name, `content ${index}`])),
    { annotations, labels: { backup: 'daily' } }
  );
  await until('the claim is known', () => get(`volumes/${NAMESPACE}/${CLAIM}`), 20_000);
  const exclude = `nkvm.io/exclude`;
  const refused = await backUp((path, init) => world.call(path, token, init), NAMESPACE, CLAIM);
  expect(refused.status).not.toBe('running');
  // Whatever became of that: without a pattern, everything is in the archive.
  await world.kube.patch(`/api/v1/namespaces/${NAMESPACE}/persistentvolumeclaims/${CLAIM}`, {
    metadata: { annotations: { [exclude]: null } },
  });
  backup = await until(
    'a backup has everything',
    async () => {
      const run = await backUp((path, init) => world.call(path, token, init), NAMESPACE, CLAIM);
      return run.status === 'success' && (run.seal?.files ?? 0) > FILES.length && run;
    },
    30_000
  );
});
afterAll(() => world?.stop());

it('nothing in names or annotations is run by a shell', () => {
  expect(existsSync(PROOF)).toBe(false);
});

it('volumes and their policies are shown, whatever their annotations hold', async () => {
  for (const path of ['volumes', 'policy', 'backups', 'restores'])
    expect(JSON.stringify(await get(path))).not.toContain('internal error');
  await get(`policy/${NAMESPACE}/${CLAIM}`);
});

it('archives have names of letters, digits, dots, dashes and underscores', () => {
  const names = readdirSync(join(world.sidecar.dir, 'backups'));
  expect(names.length).toBeGreaterThan(1);
  for (const name of names) expect(name).toMatch(/^[\w.-]+$/);
});

it('names of files are told as they are, and each is the file of that name', async () => {
  const { files } = await get(`backups/${backup.id}/files?limit=100`);
  const paths = files.map(({ path }: Json) => path);
  expect(paths).toHaveLength(FILES.length);
  for (const path of paths) {
    const given = await world.call(`/api/v1/backups/${backup.id}/downloads`, token, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ paths: [path] }),
    });
    const file = await world.call((await given.json()).path);
    expect([path, file.status]).toEqual([path, 200]);
    expect(await file.text()).toMatch(/^content \d+$/);
    expect(file.headers.get('x-injected')).toBeNull();
    expect(file.headers.get('content-disposition')).toMatch(/^attachment; [\x20-\x7e]*$/);
    expect(file.headers.get('x-content-type-options')).toBe('nosniff');
  }
});

it('the log has no name of a file, and no character that a terminal obeys', () => {
  const log = JSON.stringify(world.sidecar.log);
  for (const text of ['HYPERLINK', 'onerror', 'gnp.exe', 'checkpoint-action'])
    expect(log).not.toContain(text);
  // eslint-disable-next-line no-control-regex
  expect(world.sidecar.log.map(({ msg = '' }) => msg).join('')).not.toMatch(
    /[\u0000-\u0008\u001b\u202e]/
  );
});

it('each line of the metrics is one', async () => {
  await world.kube.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: `names-metrics-${process.pid}` },
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'nkvm-metrics-reader',
    },
    subjects: [{ kind: 'ServiceAccount', namespace: 'nkvm', name: 'nkvm-admin' }],
  });
  const answer = await until(
    'metrics are given',
    async () => {
      const given = await world.call('/metrics', token);
      const text = await given.text();
      return given.ok ? text : undefined;
    },
    20_000
  );
  expect(answer).toContain(CLAIM);
  for (const line of answer.split('\n').filter(each => each !== ''))
    expect(line).toMatch(/^(#|\w+(\{(\w+="(\\.|[^"\\])*",?)*\})? [-+\d.eEINaf]+$)/);
});
