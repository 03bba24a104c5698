import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { noFence } from '../../fence.ts';
import { openHistory } from '../../history/openHistory.ts';
import { memoryDestination } from '../../testing/destinations/memoryDestination.ts';
import { onePlace } from '../../testing/destinations/onePlace.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { checkClock, clockAhead } from './clusterCheck.ts';
import { certificateVerdict, checkPush, checkWebhook } from './connectionChecks.ts';
import { checkDestinations } from './destinationsCheck.ts';
import { checkDisk, verdictOf } from './diskCheck.ts';
import { checkHistory } from './historyCheck.ts';
import { checkImage } from './imageCheck.ts';
import { checkLease } from './leaseCheck.ts';

const at = (time: string) => new Date(`2026-01-01T${time}Z`);
const signal = AbortSignal.timeout(60_000);
const VIEWER = { seesNamespaces: true, seesDestinations: true };

function directory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-doctor-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

describe('the clock', () => {
  const seen = (asked: string, answered: string, date: string) => ({
    version: 'v1',
    ...{ asked: at(asked), answered: at(answered), date: at(date) },
  });
  it.each<[string, string, string, number]>([
    ['10:00:00.200', '10:00:00.300', '10:00:00', 0],
    ['10:00:00.900', '10:00:01.100', '10:00:01', 0],
    ['10:00:03.500', '10:00:03.600', '10:00:00', 2_500],
    ['10:00:00.000', '10:00:00.100', '10:00:05', -4_900],
  ])('asked %s, answered %s, dated %s', (asked, answered, date, ahead) => {
    expect(clockAhead(seen(asked, answered, date))).toBe(ahead);
  });
  it.each<[string, string]>([
    ['10:00:10', 'ok'],
    ['10:01:00', 'warning'],
    ['10:06:00', 'failed'],
    ['09:59:00', 'warning'],
  ])('%s beside an API server at 10:00:00 is %s', (time, outcome) => {
    expect(checkClock(seen(time, time, '10:00:00'))).toMatchObject([{ outcome }]);
  });
});

describe('the disk', () => {
  const GiB = 1024 ** 3;
  it.each<[string, number, number | undefined, string]>([
    ['much', 50 * GiB, 1_000, 'ok'],
    ['little', 4 * GiB, undefined, 'warning'],
    ['less than must stay free', GiB / 4, undefined, 'failed'],
    ['no inode', 50 * GiB, 0, 'failed'],
  ])('with %s free', (_, freeBytes, freeInodes, outcome) => {
    const facts = { bytes: 100 * GiB, freeBytes, freeInodes };
    expect(verdictOf('the disk', facts, GiB / 2)).toMatchObject({ outcome });
  });

  it('that is not there is a failure of its own', async () => {
    const dir = directory();
    const settings = { backupDir: '/nowhere', metadataDbPath: join(dir, 'a.db'), minFreeBytes: 0 };
    const [backups, history] = await checkDisk(settings);
    expect(backups).toMatchObject({
      outcome: 'failed',
      text: expect.stringContaining('/nowhere'),
    });
    expect(history?.outcome).not.toBe('failed');
  });
});

describe('the certificate of the webhook', () => {
  const dates = { validFromDate: at('00:00:00'), validToDate: new Date('2026-04-01T00:00:00Z') };
  it.each([
    ['2025-12-31', 'failed'],
    ['2026-02-01', 'ok'],
    ['2026-03-25', 'warning'],
    ['2026-04-01', 'failed'],
  ])('on %s is %s', (day, outcome) => {
    const found = certificateVerdict('/tls.crt', dates, new Date(`${day}T00:00:00Z`), 'renew it');
    expect(found).toMatchObject({ outcome });
  });
  it('that is no certificate is a failure, and none is needed without a webhook', async () => {
    const certDir = directory();
    writeFileSync(join(certDir, 'tls.crt'), 'none');
    expect(await checkWebhook({ port: 1, certDir }, new Date())).toMatchObject([
      { outcome: 'failed' },
    ]);
    expect(await checkWebhook(undefined, new Date())).toMatchObject([{ outcome: 'ok' }]);
  });
});

it('a push port that does not answer is a warning, because archives have another way', async () => {
  expect(await checkPush('127.0.0.1:9', signal)).toMatchObject([{ outcome: 'warning' }]);
  expect(await checkPush('[::1]:9', signal)).toMatchObject([{ outcome: 'warning' }]);
  expect(await checkPush(null, signal)).toMatchObject([{ outcome: 'ok' }]);
});

describe('the Lease', () => {
  const check = (holderIdentity: string | undefined, isHeld?: boolean) =>
    checkLease({
      gateway: {
        json: async <T>() =>
          ({ spec: { holderIdentity, leaseDurationSeconds: 60 }, metadata: {} } as T),
      },
      namespace: 'nkvm',
      inPod: true,
      lease: isHeld === undefined ? undefined : { isHeld: () => isHeld },
      me: 'nkvm-1',
    });
  it.each<[string, string | undefined, boolean | undefined, string]>([
    ['held by this pod', 'nkvm-1', true, 'ok'],
    ['that could not be renewed', 'nkvm-1', false, 'failed'],
    ['of another pod', 'nkvm-0', undefined, 'failed'],
    ['of nobody', '', undefined, 'warning'],
  ])('%s', async (_, holder, isHeld, outcome) => {
    expect(await check(holder, isHeld)).toMatchObject([{ outcome }]);
  });
});

describe('the history', () => {
  it('on disk is looked at as a whole, and a damaged one is a failure', async () => {
    const path = join(directory(), 'nkvm.db');
    expect(await checkHistory(path, undefined, signal)).toMatchObject([{ outcome: 'warning' }]);
    const history = await openHistory(path, { fence: noFence });
    await history.add([exampleRun({})]);
    await history.close();
    expect(await checkHistory(path, undefined, signal)).toMatchObject([{ outcome: 'ok' }]);
    writeFileSync(path, 'this is not a database, and long enough to look like one'.repeat(100));
    const [found] = await checkHistory(path, undefined, signal);
    // Where sqlite3 is not installed, it says so.
    expect(found?.text).toMatch(/is damaged|was not checked/);
  });
});

describe('the image of helper pods', () => {
  const check = async (...runs: Parameters<typeof exampleRun>[0][]) => {
    const history = await openHistory(join(directory(), 'nkvm.db'));
    onTestFinished(() => history.close());
    await history.add(runs.map(run => exampleRun(run)));
    return checkImage('nkvm:2', history);
  };
  const helper = (image: string) => ({ pod: 'p', node: null, image });
  it.each<[string, Parameters<typeof check>, string]>([
    ['that none has used', [{ helper: helper('nkvm:1') }], 'warning'],
    ['that a backup has used', [{ helper: helper('nkvm:2'), status: 'success' }], 'ok'],
    [
      'that could not be pulled',
      [{ helper: helper('nkvm:2'), status: 'failed', reason: 'ImageNotPulled' }],
      'failed',
    ],
  ])('%s', async (_, runs, outcome) => {
    expect(await check(...runs)).toMatchObject([{ outcome }]);
  });
});

describe('destinations', () => {
  const history = { provenAt: () => ({ lastProvenAt: null, lastReadBackAt: null }) };
  const check = (destination = memoryDestination(), viewer = VIEWER) => {
    const places = onePlace(destination);
    return checkDestinations(
      { ...places, status: () => undefined, problems: () => [] },
      history,
      viewer,
      50
    );
  };
  it('answer', async () => {
    expect(await check()).toMatchObject([
      { outcome: 'ok', text: expect.stringContaining('no archive there was proven yet') },
    ]);
  });
  it('that hang are named', async () => {
    const hangs = { ...memoryDestination(), freeBytes: () => new Promise<never>(() => undefined) };
    expect(await check(hangs)).toMatchObject([
      { outcome: 'failed', text: expect.stringContaining('does not answer within 0.05 s') },
    ]);
  });
  it('are counted only for a caller who may not see them', async () => {
    const away = {
      ...memoryDestination(),
      freeBytes: async () => Promise.reject(new Error('bucket secret-name is gone')),
    };
    const found = await check(away, { ...VIEWER, seesDestinations: false });
    expect(found).toMatchObject([{ outcome: 'failed', text: expect.stringMatching(/: 1$/) }]);
    expect(JSON.stringify(found)).not.toContain('secret-name');
  });
});
