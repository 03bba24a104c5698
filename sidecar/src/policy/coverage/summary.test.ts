import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { VolumePolicy } from '../../../api/index.ts';
import { registerProtectionGauges } from '../../observe/protectionGauges.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { summaryOf } from './summary.ts';
import { watchCoverage } from './watchCoverage.ts';

const policy = (name: string, change: Partial<VolumePolicy> = {}): VolumePolicy => ({
  namespace: 'shop',
  name,
  uid: `uid-${name}`,
  state: 'protected',
  reasons: [],
  schedule: null,
  suspended: false,
  nextRunAt: '2026-11-20T13:00:00.000Z',
  lastSuccessAt: '2026-11-20T11:00:00.000Z',
  overdueSince: null,
  deletingSince: null,
  drill: null,
  holdUntil: null,
  populate: null,
  makesIncrements: false,
  restoredAutomatically: false,
  retention: [],
  backupsVisible: true,
  ...change,
});
const reason = (name: string) => ({ reason: name, message: '', hint: null });
const held = (kind: 'anomaly' | 'share') => ({
  ...{ destination: 'local', keep: '', kept: 1, removed: 0, removedBytes: 0 },
  hold: { kind, message: '', hint: '' },
});
const NO_RUN = { nextRunAt: null, lastSuccessAt: null };

const POLICIES = [
  policy('good'),
  policy('late', { state: 'overdue', overdueSince: '2026-11-20T12:00:00.000Z' }),
  policy('going', { nextRunAt: null, deletingSince: '2026-11-20T11:00:00Z' }),
  policy('new', { state: 'waiting', lastSuccessAt: null }),
  policy('lost', { state: 'waiting', reasons: [reason('NewestBackupGone')] }),
  policy('wrong', {
    state: 'invalid',
    ...NO_RUN,
    reasons: [reason('InvalidValue'), reason('InvalidValue')],
  }),
  policy('plain', { state: 'unprotected', ...NO_RUN }),
  policy('pending', {
    state: 'held',
    ...NO_RUN,
    populate: {
      state: 'needs-decision',
      reason: 'Conflict',
      message: '',
      hint: null,
      backup: null,
      restore: null,
      since: '2026-11-20T10:00:00.000Z',
      retryAt: null,
    },
  }),
  policy('shrunk', {
    retention: [held('anomaly'), held('share'), { ...held('share'), hold: null }],
  }),
];

/** @returns the series of a registry that are not zero, e.g. `name{state="held"} 1`. */
const seriesOf = async (registry: Registry) =>
  (await registry.metrics())
    .split('\n')
    .filter(line => /^nkvm_/.test(line) && !line.endsWith(' 0'));
const seconds = (time: string) => Date.parse(`2026-11-20T${time}:00Z`) / 1000;

describe('the metrics of protection', () => {
  it('have a series for each volume that needs attention, and counts', async () => {
    const registry = new Registry();
    registerProtectionGauges(registry, () => summaryOf(POLICIES));
    const of = (name: string) => `{namespace="shop",pvc="${name}"}`;
    expect((await seriesOf(registry)).sort()).toEqual(
      [
        ...['held 1', 'invalid 1', 'overdue 1', 'protected 3', 'unprotected 1', 'waiting 2'].map(
          each => `nkvm_protection_volumes{state="${each.replace(' ', '"} ')}`
        ),
        ...['good', 'late', 'new', 'lost', 'shrunk'].map(
          name => `nkvm_schedule_next_run_timestamp_seconds${of(name)} ${seconds('13:00')}`
        ),
        `nkvm_claim_deleting_since_timestamp_seconds${of('going')} ${seconds('11:00')}`,
        `nkvm_protection_overdue_since_timestamp_seconds${of('late')} ${seconds('12:00')}`,
        `nkvm_protection_without_backup${of('new')} 1`,
        `nkvm_protection_without_backup${of('lost')} 1`,
        `nkvm_protection_invalid_values${of('wrong')} 2`,
        'nkvm_automatic_restores{state="needs-decision"} 1',
        `nkvm_automatic_restore_since_timestamp_seconds{namespace="shop",pvc="pending",state="needs-decision"} ${seconds(
          '10:00'
        )}`,
        'nkvm_retention_held{kind="anomaly"} 1',
        'nkvm_retention_held{kind="share"} 1',
      ].sort()
    );
  });

  it('have no series at all while nothing is known', async () => {
    const registry = new Registry();
    registerProtectionGauges(registry, () => undefined);
    expect((await registry.metrics()).split('\n').filter(line => line.startsWith('nkvm_'))).toEqual(
      []
    );
  });
});

describe('the look at the protection of all volumes', () => {
  const watch = () => {
    const world = { isReady: true, now: 0, fails: false };
    const errors: object[] = [];
    const watched = watchCoverage({
      coverage: {
        async ofEach(claims) {
          if (world.fails) throw new Error('broken');
          return claims.map(({ name }) => policy(name));
        },
      },
      inventory: { isReady: () => world.isReady, claims: () => [testClaim()] },
      log: { error: fields => void errors.push(fields) },
      now: () => world.now,
      everyMs: 60_000,
    });
    onTestFinished(() => watched.stop());
    return { world, watched, errors };
  };

  it('is known after the first look', async () => {
    const { watched } = watch();
    expect(watched.latest()).toBeUndefined();
    await watched.look();
    expect(watched.latest()?.states).toEqual({ protected: 1 });
  });

  it('is not known while the volumes are not, and when later looks fail', async () => {
    const { world, watched, errors } = watch();
    await watched.look();
    world.isReady = false;
    expect(watched.latest()).toBeUndefined();
    world.isReady = true;
    world.fails = true;
    world.now = 299_999;
    await watched.look();
    expect([watched.latest()?.states, errors.length]).toEqual([{ protected: 1 }, 1]);
    world.now = 300_000;
    expect(watched.latest()).toBeUndefined();
  });
});
