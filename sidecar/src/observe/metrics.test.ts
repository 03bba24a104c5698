import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Claim } from '../cluster/inventory/inventory.ts';
import type { History } from '../history/history.ts';
import { openHistory } from '../history/openHistory.ts';
import { testClaim } from '../testing/cluster/testClaim.ts';
import { exampleCheck, exampleRestore } from '../testing/history/exampleRestore.ts';
import { exampleRun } from '../testing/history/exampleRun.ts';
import { sizeOfHistory } from './historySize.ts';
import type { Metrics } from './metrics.ts';
import { createMetrics } from './metrics.ts';

let dir: string;
let history: History;
let metrics: Metrics;
let claims: Claim[];
let namespaces: string[];
let isReady: boolean;
let isReadOnly: boolean;
let leaks: () => Promise<number>;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-metrics-'));
  history = await openHistory(join(dir, 'nkvm.db'));
  claims = [testClaim({ uid: 'u-1' })];
  namespaces = ['billing', 'shop'];
  isReady = true;
  isReadOnly = false;
  leaks = async () => 2;
  metrics = newMetrics();
});
afterEach(async () => {
  await history.close();
  rmSync(dir, { recursive: true, force: true });
});

const newMetrics = () =>
  createMetrics({
    depth: () => ({ queued: 3, running: 1 }),
    inventory: { claims: () => claims, namespaces: () => namespaces, isReady: () => isReady },
    isHistoryReadOnly: () => isReadOnly,
    inventoryProblems: () => 2,
    history,
    historySize: () => sizeOfHistory(join(dir, 'nkvm.db'), history),
    helperLeaks: () => leaks(),
  });

/** @returns the series of one metric, as Prometheus reads them: `{label="value"} 1`. */
async function series(name: string): Promise<string[]> {
  const text = await metrics.registry.metrics();
  return text
    .split('\n')
    .filter(line => line.startsWith(name) && /^[ {]/.test(line.slice(name.length)))
    .map(line => line.slice(name.length));
}

describe('a restore or a check that has ended', () => {
  it('is counted by its kind, and is no backup', async () => {
    metrics.ended(exampleRestore({ status: 'failed' }));
    metrics.ended(exampleCheck('drill', { status: 'failed' }));
    metrics.ended(exampleCheck('verify'));
    const counted = async (name: string) =>
      (await series(name)).filter(line => !line.endsWith(' 0'));
    expect(await counted('nkvm_restores_total')).toEqual(['{status="failed",namespace="shop"} 1']);
    expect(await counted('nkvm_checks_total')).toEqual([
      '{kind="verify",status="success"} 1',
      '{kind="drill",status="failed"} 1',
    ]);
    expect(await counted('nkvm_backups_total')).toEqual([]);
    expect(await counted('nkvm_backup_bytes_count')).toEqual([]);
  });

  it('has series before the first one, and none when its namespace is gone', async () => {
    expect(await series('nkvm_restores_total')).toContain(
      '{status="failed",namespace="billing"} 0'
    );
    namespaces = ['shop'];
    expect((await series('nkvm_restores_total')).join()).not.toContain('billing');
  });

  it('shows on its claim when that was last proven, and when its newest check failed', async () => {
    const { uid, namespace, name } = exampleRun();
    claims = [testClaim({ uid, namespace, name })];
    expect(await series('nkvm_last_proven_restore_timestamp_seconds')).toEqual([]);
    const endedAt = '2026-11-20T10:00:00.000Z';
    await history.add([
      exampleRun({ id: '01kbackup' }),
      exampleCheck('drill', { id: 'a', endedAt }),
      exampleCheck('verify', { id: 'b', endedAt, status: 'failed' }),
    ]);
    const seconds = Date.parse(endedAt) / 1000;
    expect(await series('nkvm_last_proven_restore_timestamp_seconds')).toEqual([
      `{namespace="${namespace}",pvc="${name}"} ${seconds}`,
    ]);
    expect(await series('nkvm_last_check_failure_timestamp_seconds')).toEqual([
      `{namespace="${namespace}",pvc="${name}",kind="verify"} ${seconds}`,
    ]);
  });
});

describe('a run that has ended', () => {
  it('is counted by result, stage and namespace', async () => {
    metrics.ended(exampleRun());
    metrics.ended(exampleRun({ status: 'failed', stage: 'copy', namespace: 'billing' }));
    metrics.ended(exampleRun({ status: 'failed', stage: 'copy', namespace: 'billing' }));
    metrics.ended(exampleRun({ status: 'cancelled', stage: null }));
    const counted = await series('nkvm_backups_total');
    expect(counted.filter(line => !line.endsWith(' 0'))).toEqual([
      '{result="success",stage="cleanup",namespace="shop"} 1',
      '{result="failed",stage="copy",namespace="billing"} 2',
      '{result="cancelled",stage="queue",namespace="shop"} 1',
    ]);
  });

  it('has been counted as nought before, in every namespace with claims', async () => {
    const before = await series('nkvm_backups_total');
    expect(before).toContain('{result="success",stage="cleanup",namespace="shop"} 0');
    expect(before).toContain('{result="failed",stage="copy",namespace="shop"} 0');
    metrics.ended(exampleRun());
    const after = await series('nkvm_backups_total');
    expect(after).toContain('{result="success",stage="cleanup",namespace="shop"} 1');
    expect(after).toHaveLength(before.length);
  });

  it('is counted until its namespace is gone', async () => {
    metrics.ended(exampleRun({ status: 'failed', stage: 'wait', namespace: 'billing' }));
    expect((await series('nkvm_backups_total')).join()).toContain('billing');
    isReady = false;
    namespaces = ['shop'];
    expect((await series('nkvm_backups_total')).join()).toContain('billing');
    isReady = true;
    const left = await series('nkvm_backups_total');
    expect(left.join()).not.toContain('billing');
    expect(left.join()).toContain('shop');
    namespaces = [];
    claims = [];
    expect(await series('nkvm_backups_total')).toEqual([]);
  });

  it('has its time in the histogram of its result, from its start', async () => {
    const times = { startedAt: '2026-11-21T10:00:00.000Z', endedAt: '2026-11-21T10:00:20.000Z' };
    metrics.ended(exampleRun({ ...times, createdAt: '2026-11-21T01:00:00.000Z' }));
    metrics.ended(exampleRun({ ...times, status: 'failed' }));
    expect(await series('nkvm_backup_duration_seconds_sum')).toEqual([
      '{result="success"} 20',
      '{result="failed"} 20',
      '{result="cancelled"} 0',
    ]);
    expect(await series('nkvm_backup_duration_seconds_bucket')).toEqual(
      expect.arrayContaining(['{le="15",result="success"} 0', '{le="30",result="success"} 1'])
    );
  });

  it('has taken no time where the clock was set back meanwhile, or where it never began', async () => {
    metrics.ended(exampleRun({ endedAt: '2020-01-01T00:00:00.000Z' }));
    metrics.ended(exampleRun({ status: 'cancelled', startedAt: null }));
    expect(await series('nkvm_backup_duration_seconds_count')).toEqual([
      '{result="success"} 1',
      '{result="failed"} 0',
      '{result="cancelled"} 0',
    ]);
    expect(await series('nkvm_backup_duration_seconds_sum')).toContain('{result="success"} 0');
  });

  it('has its size in the histogram only when there is an archive', async () => {
    metrics.ended(exampleRun({ bytes: 5000 }));
    metrics.ended(exampleRun({ bytes: 7000, status: 'failed' }));
    expect(await series('nkvm_backup_bytes_sum')).toEqual([' 5000']);
    expect(await series('nkvm_backup_bytes_count')).toEqual([' 1']);
  });
});

describe('the last success of a claim', () => {
  const last = () => series('nkvm_last_success_timestamp_seconds');
  const endedAt = '2026-11-21T10:00:00.500Z';
  const expected = ['{namespace="shop",pvc="orders-db"} 1795255200.5'];

  it('is known from the history, also after a restart', async () => {
    await history.add([exampleRun({ uid: 'u-1', endedAt })]);
    expect(await last()).toEqual(expected);
    metrics = newMetrics();
    expect(await last()).toEqual(expected);
  });

  it('is known for a run that was recovered from its manifest without its end', async () => {
    await history.add([exampleRun({ uid: 'u-1', createdAt: endedAt, endedAt: null })]);
    expect(await last()).toEqual(expected);
  });

  it('stays when a later run fails, and that one is told', async () => {
    const failedAt = '2026-11-21T10:00:10.000Z';
    await history.add([
      exampleRun({ uid: 'u-1', endedAt }),
      exampleRun({ uid: 'u-1', status: 'failed', endedAt: failedAt }),
    ]);
    expect(await last()).toEqual(expected);
    const failures = () => series('nkvm_last_failure_timestamp_seconds');
    expect(await failures()).toEqual(['{namespace="shop",pvc="orders-db"} 1795255210']);
    await history.add([exampleRun({ uid: 'u-1', status: 'queued', endedAt: null })]);
    expect(await failures()).toEqual([]);
  });

  it('is not that of an earlier claim of the same name', async () => {
    await history.add([exampleRun({ uid: 'u-1', endedAt })]);
    claims = [testClaim({ uid: 'u-2' })];
    expect(await last()).toEqual([]);
  });

  it('is gone when the claim is gone', async () => {
    await history.add([exampleRun({ uid: 'u-1', endedAt })]);
    expect(await last()).toHaveLength(1);
    claims = [];
    expect(await last()).toEqual([]);
  });

  it('is not told while the volumes of the cluster are not known', async () => {
    await history.add([exampleRun({ uid: 'u-1', endedAt })]);
    isReady = false;
    expect(await last()).toEqual([]);
  });
});

describe('the state of the sidecar', () => {
  it('is how many runs wait and run', async () => {
    expect(await series('nkvm_queue_depth')).toEqual(['{state="queued"} 3', '{state="running"} 1']);
  });

  it('is how many helpers were left behind, and nothing where nobody could say', async () => {
    expect(await series('nkvm_helper_leaks')).toEqual([' 2']);
    leaks = () => Promise.reject(new Error('connection refused'));
    expect(await series('nkvm_helper_leaks')).toEqual([]);
  });

  it('is how big the history is, with what lies beside it, and how much room it has', async () => {
    const [before] = await series('nkvm_history_bytes');
    writeFileSync(join(dir, 'nkvm.db-copy'), Buffer.alloc(1000));
    writeFileSync(join(dir, 'another.db'), Buffer.alloc(1000));
    expect(await series('nkvm_history_bytes')).toEqual([` ${Number(before) + 1000}`]);
    expect(await series('nkvm_history_rows')).toEqual([' 0']);
    await history.add([exampleRun()]);
    expect(await series('nkvm_history_rows')).toEqual([' 1']);
    const [free] = await series('nkvm_history_disk_free_bytes');
    expect(Number(free)).toBeGreaterThan(0);
  });

  it('is whether the history can be written, and how much of the cluster can be read', async () => {
    expect(await series('nkvm_history_read_only')).toEqual([' 0']);
    isReadOnly = true;
    expect(await series('nkvm_history_read_only')).toEqual([' 1']);
    expect(await series('nkvm_inventory_problems')).toEqual([' 2']);
  });

  it('is what became of Events', async () => {
    metrics.event('dropped');
    expect(await series('nkvm_events_total')).toEqual([
      '{outcome="sent"} 0',
      '{outcome="dropped"} 1',
      '{outcome="forbidden"} 0',
      '{outcome="failed"} 0',
    ]);
  });
});
