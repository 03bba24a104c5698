import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manifestName } from '../../sidecar/src/archive/name.ts';
import type { PastArchive, PastClaim, PastOptions } from '../support/pastArchives.ts';
import { corrupt, cutShort, pastArchives } from '../support/pastArchives.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import { backUp } from './support/backups.ts';
import { MANIFESTS } from './support/deploy.ts';
import { fillClaims } from './support/filledClaims.ts';
import { getJson, kubectl } from './support/kubectl.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';

/**
 * The decision about a claim that is made, on a real cluster: every row is a claim, and all of them wait side by side. The table of
 * all rows is sidecar/src/policy/populate/decide.test.ts. The sidecar is one of this machine, so that its destination can be
 * prepared; the deployed NKVM has no namespace for restores, and leaves them alone.
 */
const NAMESPACE = `decisions-${process.pid}`;
const SIDECAR = 'decisions-nkvm';
const FILES = ['backup-restores.yaml', 'admission-policies.yaml'].map(
  file => `--filename=${join(MANIFESTS, 'zero-touch', file)}`
);
const CONTINUED = { clusterUid: randomUUID(), cluster: 'prod-1', installation: 'another' };
const OTHER = { clusterUid: randomUUID(), cluster: 'prod-2', installation: 'another' };
const GiB = 1024 ** 3;

let sidecar: Sidecar;
let backups: string;
let template: string;

interface Row {
  /** Stores what is at the destination. @returns the archive that the claim is to be restored from, if any */
  archives?(claim: PastClaim): PastArchive | undefined;
  /** Value of the annotation `nkvm.io/start`, once the archives are stored. */
  start?(archives: PastArchive | undefined): string;
  spec?: object;
  /** `restored`, the value of `nkvm.io/started-empty`, or the reason for which the claim waits. */
  expected: string;
}

const past = (claim: PastClaim, count: number, options?: PastOptions): PastArchive[] =>
  pastArchives(backups, claim, count, options);
const none = undefined;
const source = (name: string, more: object = {}) => ({
  dataSourceRef: { apiGroup: 'nkvm.io', kind: 'BackupRestore', name },
  ...more,
});

const ROWS: Record<string, Row> = {
  'has-none': { expected: 'none-found' },
  'has-two': { archives: claim => past(claim, 2)[0], expected: 'restored' },
  'starts-empty': {
    archives: claim => void past(claim, 1),
    start: () => 'empty',
    expected: 'decided',
  },
  'names-the-older': {
    archives: claim => past(claim, 2)[1],
    start: older => older?.id ?? '',
    expected: 'restored',
  },
  'is-mistyped': {
    archives: claim => void past(claim, 1),
    start: () => 'emtpy',
    expected: 'StartInvalid',
  },
  'names-one-of-another-claim': {
    archives: claim => void past(claim, 1),
    start: () => template,
    expected: 'StartNotFound',
  },
  'names-one-that-is-not-there': {
    archives: claim => void past(claim, 1),
    start: () => '0'.repeat(26),
    expected: 'StartNotFound',
  },
  'is-too-small': {
    archives: claim => void past(claim, 1, { change: { usedBytes: 5 * GiB } }),
    expected: 'TargetTooSmall',
  },
  'is-larger': {
    archives: claim => past(claim, 1)[0],
    spec: { resources: { requests: { storage: '3Gi' } } },
    expected: 'restored',
  },
  'is-a-block-device': {
    archives: claim => void past(claim, 1),
    spec: source('is-a-block-device', { volumeMode: 'Block' }),
    expected: 'BlockVolume',
  },
  'has-another-name': {
    archives: claim => void past(claim, 1),
    spec: source('has-two'),
    expected: 'SourceOfAnotherName',
  },
  'of-another-cluster': {
    archives: claim => void past(claim, 1, { change: OTHER }),
    expected: 'BackupOfAnotherCluster',
  },
  'of-the-cluster-before': {
    archives: claim => past(claim, 1, { change: CONTINUED })[0],
    expected: 'restored',
  },
  'of-two-clusters': {
    archives: claim => {
      past(claim, 1, { newestHours: 2 });
      past(claim, 1, { change: CONTINUED });
      return none;
    },
    expected: 'ClustersDisagree',
  },
  'is-cut-short': {
    archives: claim => {
      const [newest, older] = past(claim, 2);
      if (newest) cutShort(backups, newest);
      return older;
    },
    expected: 'restored',
  },
  'is-damaged': {
    archives: claim => {
      const [newest, older] = past(claim, 2);
      if (newest) corrupt(backups, newest);
      return older;
    },
    expected: 'restored',
  },
  'is-broken-and-alone': {
    archives: claim => {
      const [only] = past(claim, 1);
      if (only) cutShort(backups, only);
      return none;
    },
    expected: 'NoGoodBackup',
  },
  'has-no-manifest': {
    archives: claim => {
      for (const { key } of past(claim, 1)) rmSync(join(backups, manifestName(key)));
      return none;
    },
    expected: 'NoGoodBackup',
  },
  'is-of-a-later-version': {
    archives: claim => {
      past(claim, 1, { change: { formatVersion: 99, readableBy: 99 } as never });
      past(claim, 1, { newestHours: 2 });
      return none;
    },
    expected: 'ManifestTooNew',
  },
};

interface Claim {
  metadata: { name: string; annotations?: Record<string, string> };
  status: { phase: string };
}
interface BackupRestore {
  metadata: { name: string };
  status?: { reason: string };
}

const here = `--namespace=${NAMESPACE}`;

/** Makes a labelled claim as a person does: the admission policy adds its source. */
function makeClaim(name: string, { spec = {} }: Row, start?: string): void {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...{ name, namespace: NAMESPACE, labels: { backup: 'daily' } },
      annotations: start === undefined ? {} : { 'nkvm.io/start': start },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'immediate',
      resources: { requests: { storage: '1Gi' } },
      ...spec,
    },
  };
  kubectl(['create', '--filename=-'], JSON.stringify(claim));
}

/** @returns for each claim the annotation that it was bound with, or the reason for which it waits. */
function states(): Record<string, string> {
  const listed = getJson<{ items: (Claim | BackupRestore)[] }>('pvc,backuprestores', here).items;
  const waits = new Map(
    listed.flatMap(item =>
      'status' in item && item.status && 'reason' in item.status
        ? [[item.metadata.name, item.status.reason]]
        : []
    )
  );
  const claims = listed.filter((item): item is Claim => 'phase' in (item.status ?? {}));
  return Object.fromEntries(
    claims.map(({ metadata: { name, annotations = {} }, status: { phase } }) => {
      const from = annotations['nkvm.io/restored-from'];
      const end = from ? `restored ${from}` : annotations['nkvm.io/started-empty'];
      return [name, phase === 'Bound' ? end ?? 'bound' : `waits: ${waits.get(name) ?? ''}`];
    })
  );
}

/** Waits until claims have the expected states; an error lists the others with their states. */
async function untilStates(expected: Record<string, string>, limitMs: number): Promise<void> {
  const look = () => {
    const found = states();
    return Object.fromEntries(Object.keys(expected).map(name => [name, found[name]]));
  };
  const isSo = () => {
    const found = look();
    const wrong = Object.keys(expected).filter(name => found[name] !== expected[name]);
    if (wrong.length === 0) return true;
    throw new Error(wrong.map(name => `${name}: ${found[name]}`).join('; '));
  };
  await until('every claim is as the table has it', isSo, limitMs, 1_000).catch(() => undefined);
  expect(look()).toEqual(expected);
}

beforeAll(async () => {
  kubectl(['apply', ...FILES]);
  kubectl(['wait', '--for=condition=Established', 'crd/backuprestores.nkvm.io', '--timeout=180s']);
  for (const name of [NAMESPACE, `${SIDECAR}-restores`]) {
    kubectl(['delete', 'namespace', name, '--ignore-not-found', '--timeout=180s']);
    kubectl(['create', 'namespace', name]);
  }
  kubectl(['create', 'namespace', SIDECAR]);
  sidecar = await startSidecar({
    NKVM_NAMESPACE: SIDECAR,
    NKVM_CONTINUES: `${CONTINUED.cluster}=${CONTINUED.clusterUid}`,
    NKVM_SCHEDULES: 'off',
    NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/failListing.ts')}`,
    FAIL_LISTING: 'half,denied,whole',
  });
  backups = join(sidecar.dir, 'backups');
  fillClaims(NAMESPACE, ['template']);
  const admin = token();
  const call = (path: string, init?: RequestInit) => sidecar.fetch(path, admin, init);
  const run = await until('a backup', () => backUp(call, NAMESPACE, 'template'), 60_000);
  expect(run).toMatchObject({ status: 'success' });
  template = run.id;
});

afterAll(async () => {
  await sidecar?.remove();
  for (const name of [NAMESPACE, SIDECAR, `${SIDECAR}-restores`])
    kubectl(['delete', 'namespace', name, '--ignore-not-found', '--wait=false']);
  kubectl(['delete', ...FILES, '--ignore-not-found', '--timeout=180s']);
});

it('decides about each claim by what the destination has for it', async () => {
  const expected: Record<string, string> = {};
  for (const [name, row] of Object.entries(ROWS)) {
    const archive = row.archives?.({ namespace: NAMESPACE, name, uid: randomUUID() });
    makeClaim(name, row, row.start?.(archive));
    expected[name] =
      row.expected === 'restored'
        ? `restored ${archive?.id}`
        : ['none-found', 'decided'].includes(row.expected)
        ? row.expected
        : `waits: ${row.expected}`;
  }
  await untilStates(expected, 150_000);
});

it('waits while the listing breaks off half-way or is refused, and goes on by itself', async () => {
  process.kill(sidecar.pid, 'SIGUSR2');
  makeClaim('while-half', ROWS['has-none'] ?? { expected: '' });
  await untilStates({ 'while-half': 'waits: BackupsNotListed' }, 30_000);
  process.kill(sidecar.pid, 'SIGUSR2');
  const [archive] = past({ namespace: NAMESPACE, name: 'while-denied', uid: randomUUID() }, 1);
  makeClaim('while-denied', { expected: '' });
  await untilStates({ 'while-denied': 'waits: BackupsNotListed' }, 30_000);
  process.kill(sidecar.pid, 'SIGUSR2');
  await untilStates(
    { 'while-half': 'none-found', 'while-denied': `restored ${archive?.id}` },
    90_000
  );
});
