import type { RunRecord } from '../../history/history.ts';
import type { DrillDetails, RestoreDetails } from '../../history/queries/details.ts';
import { exampleRun } from './exampleRun.ts';

/** A comparison without a difference. */
const SAME = {
  entries: 50_178,
  bytes: 2_100_000_000,
  differences: 0,
  examples: [],
  notRestored: [],
  leftOver: 0,
};

export const exampleRestoreDetails = (change: Partial<RestoreDetails> = {}): RestoreDetails => ({
  kind: 'restore',
  backup: '01kbackup',
  archive: 'kind__shop__orders-db__20261120T101112Z__01kbackup.tar.gz',
  destination: 'local',
  source: {
    namespace: 'shop',
    name: 'orders-db',
    uid: '5d0c6a3e-8f0b-4c58-9a53-0f6f1c2d3e4f',
    namespaceUid: '0b6a1f6e-33a8-4d7c-8d4e-0a4f6cbb9d10',
    createdAt: '2026-11-20T10:11:12.000Z',
  },
  target: { namespace: 'shop', name: 'orders-db-2', mode: 'new', size: '10Gi' },
  paths: null,
  scale: false,
  safetyBackup: true,
  safetyBackupId: null,
  undoOf: null,
  steps: [{ step: 'check-archive', state: 'done', message: '1.1 GiB, SHA-256 as sealed' }],
  comparison: SAME,
  totalBytes: 1_213_456_789,
  createdUid: 'uid-orders-db-2',
  hasBegunToWrite: true,
  ...change,
});

/** What a restore, a verification or a drill does not have of a backup. */
const NO_BACKUP = {
  archive: null,
  destinations: [],
  copies: [],
  sha256: null,
  seal: null,
  warnings: [],
  tarMessages: [],
  warningCount: 0,
} as const satisfies Partial<RunRecord>;

/** A finished restore of a backup into a new claim. */
export const exampleRestore = (
  change: Partial<RunRecord> = {},
  details: Partial<RestoreDetails> = {}
): RunRecord => ({
  ...exampleRun({
    ...NO_BACKUP,
    destinations: [],
    copies: [],
    warnings: [],
    tarMessages: [],
    kind: 'restore',
    name: 'orders-db-2',
    uid: 'uid-orders-db-2',
    priority: 'restore',
    message: 'restored 50,178 entries; they are the same as in the archive',
  }),
  details: exampleRestoreDetails(details),
  ...change,
});

/** A finished drill, or verification, of a backup. */
export const exampleCheck = (
  kind: 'drill' | 'verify',
  change: Partial<RunRecord> = {},
  details: Partial<Omit<DrillDetails, 'kind'>> = {}
): RunRecord => ({
  ...exampleRun({
    ...NO_BACKUP,
    destinations: [],
    copies: [],
    warnings: [],
    tarMessages: [],
    kind,
  }),
  details:
    kind === 'verify'
      ? { backup: details.backup ?? '01kbackup', totalBytes: 5, kind }
      : {
          backup: '01kbackup',
          totalBytes: 5,
          request: {},
          comparison: SAME,
          output: null,
          scratch: null,
          ...details,
          kind,
        },
  ...change,
});
