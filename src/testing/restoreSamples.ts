import {
  allowRestoresCommand,
  Check,
  CheckList,
  PlanCheck,
  Restore,
  RestoreComparison,
  RestoreList,
  RestorePlan,
  StartedCheck,
  StartedRestore,
} from '../../sidecar/api';

const MIB = 1024 ** 2;
const ARCHIVE = 'main__shop__orders-db__20261120T100000Z__01jd5.tar.gz';

/** A check of a plan that passes; tests say only in what theirs differs. */
export const aPlanCheck = (differs: Partial<PlanCheck> = {}): PlanCheck =>
  PlanCheck.parse({
    name: 'archive',
    state: 'passes',
    message: 'the archive is at the destination local',
    hint: null,
    reason: null,
    ...differs,
  });

/** The right to write into the target namespace is missing. */
export const closedForRestores = aPlanCheck({
  name: 'rights',
  state: 'fails',
  message: 'restores are not allowed in namespace shop',
  hint: `allow restores into it with: ${allowRestoresCommand('shop')}`,
  reason: 'RestoresNotAllowed',
});

/** Into a new claim; all is well. */
export const aPlan = (differs: Partial<RestorePlan> = {}): RestorePlan =>
  RestorePlan.parse({
    canStart: true,
    checks: [
      aPlanCheck(),
      aPlanCheck({ name: 'space', message: '10 GiB are enough for 9.0 MiB' }),
      aPlanCheck({
        name: 'digest',
        state: 'later',
        message: 'the archive is read and its SHA-256 compared before anything is written',
      }),
    ],
    source: {
      backup: '7',
      archive: ARCHIVE,
      namespace: 'shop',
      name: 'orders-db',
      createdAt: '2026-11-20T10:00:00.000Z',
      hasManifest: true,
      bytes: 3 * MIB,
      rawBytes: 9 * MIB,
      files: 12,
    },
    claim: {
      action: 'create',
      namespace: 'shop',
      name: 'orders-db-restored',
      size: '10Gi',
      storageClass: 'fast',
      accessModes: ['ReadWriteOnce'],
      labels: { app: 'orders' },
    },
    neededBytes: 9 * MIB,
    availableBytes: 10 * 1024 * MIB,
    workloads: [],
    files: null,
    selected: null,
    ...differs,
  });

const change = (count: number, ...names: string[]) => ({ count, names });

/** Into the original claim, which is in use. */
export const aChangingPlan = (differs: Partial<RestorePlan> = {}): RestorePlan =>
  aPlan({
    claim: {
      action: 'change',
      namespace: 'shop',
      name: 'orders-db',
      size: '10Gi',
      storageClass: 'fast',
      accessModes: ['ReadWriteOnce'],
      labels: {},
    },
    workloads: [
      { kind: 'StatefulSet', name: 'orders', replicas: 2, action: 'scale', obstacle: null },
    ],
    files: {
      added: change(1, 'data/old.log'),
      replaced: change(2, 'data/orders.db', 'data/wal'),
      unchanged: change(9),
      leftOver: change(3, 'tmp/a', 'tmp/b', 'tmp/c'),
      isComplete: true,
    },
    ...differs,
  });

export const aComparison = (differs: Partial<RestoreComparison> = {}): RestoreComparison =>
  RestoreComparison.parse({
    entries: 12,
    bytes: 9 * MIB,
    differences: 0,
    examples: [],
    notRestored: [],
    leftOver: 0,
    ...differs,
  });

/** A restore into a new claim that has succeeded. */
export const aRestore = (differs: Partial<Restore> = {}): Restore =>
  Restore.parse({
    id: '9',
    status: 'success',
    stage: 'cleanup',
    backup: '7',
    archive: ARCHIVE,
    source: { namespace: 'shop', name: 'orders-db' },
    target: { namespace: 'shop', name: 'orders-db-restored', uid: 'uid-restored', mode: 'new' },
    paths: null,
    scale: false,
    safetyBackup: false,
    safetyBackupId: null,
    undoOf: null,
    bytes: 3 * MIB,
    totalBytes: 3 * MIB,
    message: 'shop/orders-db-restored holds what the archive holds',
    reason: null,
    hint: null,
    failureClass: null,
    warnings: [],
    steps: [
      { step: 'check-archive', state: 'done', message: 'SHA-256 is as recorded' },
      { step: 'scale-down', state: 'skipped', message: 'nothing uses the claim' },
      { step: 'safety-backup', state: 'skipped', message: 'the claim is new' },
      { step: 'create-claim', state: 'done', message: 'shop/orders-db-restored, 10Gi' },
      { step: 'write', state: 'done', message: '12 entries' },
      { step: 'compare', state: 'done', message: 'no differences' },
      { step: 'scale-up', state: 'skipped', message: '' },
    ],
    comparison: aComparison(),
    stages: [
      {
        stage: 'create',
        startedAt: '2026-11-26T10:00:01.000Z',
        endedAt: '2026-11-26T10:00:03.000Z',
      },
      { stage: 'copy', startedAt: '2026-11-26T10:00:03.000Z', endedAt: '2026-11-26T10:00:08.000Z' },
    ],
    helper: { pod: 'nkvm-restore-9', node: 'node-1' },
    transport: 'exec',
    transportReason: 'archives travel through the API server',
    createdAt: '2026-11-26T10:00:00.000Z',
    startedAt: '2026-11-26T10:00:01.000Z',
    endedAt: '2026-11-26T10:00:09.000Z',
    attempt: 1,
    retryAt: null,
    queuePosition: null,
    requestedBy: 'system:serviceaccount:nkvm:nkvm-admin',
    ...differs,
  });

export const aRestoring = (differs: Partial<Restore> = {}): Restore =>
  aRestore({
    status: 'running',
    stage: 'copy',
    bytes: MIB,
    message: '',
    endedAt: null,
    comparison: null,
    steps: [
      { step: 'check-archive', state: 'done', message: 'SHA-256 is as recorded' },
      { step: 'create-claim', state: 'done', message: 'shop/orders-db-restored, 10Gi' },
      { step: 'write', state: 'running', message: '' },
      { step: 'compare', state: 'waiting', message: '' },
    ],
    ...differs,
  });

/** A re-read that found nothing wrong. */
export const aCheck = (differs: Partial<Check> = {}): Check =>
  Check.parse({
    id: '11',
    kind: 'verify',
    backup: '7',
    namespace: 'shop',
    name: 'orders-db',
    status: 'success',
    stage: 'cleanup',
    bytes: 3 * MIB,
    totalBytes: 3 * MIB,
    message: 'the archive is as it was sealed',
    reason: null,
    hint: null,
    failureClass: null,
    warnings: [],
    comparison: null,
    output: null,
    stages: [],
    transport: null,
    transportReason: null,
    createdAt: '2026-11-26T10:00:00.000Z',
    startedAt: '2026-11-26T10:00:01.000Z',
    endedAt: '2026-11-26T10:00:09.000Z',
    requestedBy: 'system:serviceaccount:nkvm:nkvm-admin',
    ...differs,
  });

/** The sidecar's answers, as it would send them. */
export const restoreList = (restores: Restore[]): RestoreList =>
  RestoreList.parse({ restores, nextCursor: null, incomplete: false });
export const startedRestore = (restore: Restore): StartedRestore =>
  StartedRestore.parse({ restore });
export const checkList = (checks: Check[]): CheckList => CheckList.parse({ checks });
export const startedCheck = (check: Check): StartedCheck => StartedCheck.parse({ check });
