import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Claim } from '../../sidecar/src/cluster/inventory/inventory.ts';
import type { History } from '../../sidecar/src/history/history.ts';
import { openHistory } from '../../sidecar/src/history/openHistory.ts';
import { runIds } from '../../sidecar/src/history/runId.ts';
import { startQueue } from '../../sidecar/src/jobs/queue/queue.ts';
import { scheduler } from '../../sidecar/src/policy/schedule/scheduler.ts';
import { startBackups } from '../../sidecar/src/policy/schedule/starts.ts';
import { testClaim } from '../../sidecar/src/testing/cluster/testClaim.ts';
import { imageFlags } from '../support/imageFlags.ts';

/**
 * The cost of schedules: the first look at 5,000 labelled claims, a look at which nothing is due, and a day of runs of all of
 * them by a moved clock, over a real history and a real queue. Runs end at once.
 *
 *     node tests/bench/schedules.bench.ts [hours]
 */
const CLAIMS = 5_000;
const NAMESPACES = 50;
const HOURS = Number(process.argv[2] ?? 24);
const MINUTE = 60_000;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

const claimsWith = (backup: string): Claim[] =>
  Array.from({ length: CLAIMS }, (_, index) =>
    testClaim({
      ...{ namespace: `team-${index % NAMESPACES}`, name: `data-${index}`, uid: `uid-${index}` },
      labels: { backup },
      createdAt: '2026-10-24T00:00:00.000Z',
    })
  );

interface World {
  backup: string;
  timeZone: string;
  history: History;
}

/** A clock that is moved, and everything that schedules need. */
function worldOf({ backup, timeZone, history }: World) {
  const claims = claimsWith(backup);
  const byNamespace = new Map<string, Claim[]>();
  for (const claim of claims)
    byNamespace.set(claim.namespace, [...(byNamespace.get(claim.namespace) ?? []), claim]);
  const facts = new Map(
    [...byNamespace.keys()].map(name => [
      name,
      { name, uid: `uid-${name}`, createdAt: '2026-01-01T00:00:00Z' },
    ])
  );
  const byName = new Map(claims.map(claim => [`${claim.namespace}/${claim.name}`, claim]));
  const clock = { ms: Date.parse('2026-10-24T00:00:00Z'), elapsed: 0 };
  const now = () => new Date(clock.ms);
  const started = new Map<number, number>();
  const perClaim = new Map<string, number>();
  const queue = startQueue({
    ...{ history, now, log: silent },
    kinds: {
      backup: {
        access: 'read',
        nodeOf: () => null,
        work: async () => ({ status: 'success', endedAt: now().toISOString(), bytes: 1_000_000 }),
      },
    },
    limits: { total: 16, perNode: 16 },
    retry: { maxAttempts: 1, delayMs: () => 0 },
    newId: runIds({
      now: () => clock.ms,
      random: size => crypto.getRandomValues(new Uint8Array(size)),
    }),
    onEnd: () => undefined,
  });
  queue.resume();
  const schedules = scheduler({
    inventory: {
      isReady: () => true,
      namespaces: () => [...byNamespace.keys()],
      namespace: name => facts.get(name),
      claims: name => (name === undefined ? claims : byNamespace.get(name) ?? []),
      claim: (namespace, name) => byName.get(`${namespace}/${name}`),
    },
    ...{ history, now, log: silent },
    settings: { clusterUid: 'cluster-1', timeZone },
    start: {
      backup: startBackups(
        {
          admit: async volumes => ({
            claims: volumes.flatMap(({ namespace, name }) => {
              const claim = byName.get(`${namespace}/${name}`);
              if (!claim) return [];
              const minute = Math.floor(clock.ms / MINUTE);
              started.set(minute, (started.get(minute) ?? 0) + 1);
              perClaim.set(name, (perClaim.get(name) ?? 0) + 1);
              return [{ ...claim, destinations: ['local'] }];
            }),
            refused: [],
          }),
        },
        queue
      ),
      drill: async () => [],
    },
    held: () => undefined,
    isHeld: () => false,
    elapsed: () => clock.elapsed + performance.now(),
  });
  return { clock, schedules, queue, started, perClaim };
}

const mebibytes = () => Math.round(process.memoryUsage.rss() / 2 ** 20);
const round = (ms: number) => Number(ms.toPrecision(3));

async function withHistory<T>(work: (history: History) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-bench-'));
  const history = await openHistory(join(dir, 'nkvm.db'));
  try {
    return await work(history);
  } finally {
    await history.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

const looks = (backup: string, timeZone: string) =>
  withHistory(async history => {
    const { schedules, queue } = worldOf({ backup, timeZone, history });
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const begun = performance.now();
    await schedules.look();
    const firstMs = performance.now() - begun;
    const again = performance.now();
    await schedules.look();
    const idleMs = performance.now() - again;
    delay.disable();
    await queue.stop();
    return {
      ...{ label: backup, timeZone, 'plan all ms': round(firstMs), 'idle look ms': round(idleMs) },
      'longest delay of the event loop ms': round(delay.max / 1e6),
    };
  });

const day = () =>
  withHistory(async history => {
    const { clock, schedules, queue, started, perClaim } = worldOf({
      ...{ backup: 'hourly', timeZone: 'Europe/Berlin', history },
    });
    const delay = monitorEventLoopDelay({ resolution: 5 });
    let lookMs = 0;
    let mostMiB = 0;
    const begun = performance.now();
    delay.enable();
    for (let minute = 0; minute < HOURS * 60; minute += 1) {
      clock.ms += MINUTE;
      clock.elapsed += MINUTE;
      const at = performance.now();
      await schedules.look();
      lookMs = Math.max(lookMs, performance.now() - at);
      while (queue.depth().queued + queue.depth().running > 0)
        await new Promise(resolve => setTimeout(resolve, 1));
      mostMiB = Math.max(mostMiB, mebibytes());
    }
    delay.disable();
    await queue.stop();
    const runs = [...perClaim.values()];
    return {
      ...{ hours: HOURS, runs: history.count(), claims: perClaim.size },
      'fewest of a claim': Math.min(...runs),
      'most of a claim': Math.max(...runs),
      'fullest minute': Math.max(...started.values()),
      'even share': round(CLAIMS / 60),
      'longest look ms': round(lookMs),
      'longest delay of the event loop ms': round(delay.max / 1e6),
      'most MiB': mostMiB,
      seconds: round((performance.now() - begun) / 1000),
    };
  });

if (process.argv.includes('inside')) {
  console.table([
    await looks('hourly', 'UTC'),
    await looks('daily', 'UTC'),
    await looks('daily', 'Europe/Berlin'),
    await looks('monthly', 'Europe/Berlin'),
  ]);
  console.table(await day());
} else {
  // As the image starts the service.
  const words = [...imageFlags(), import.meta.filename, `${HOURS}`, 'inside'];
  process.exitCode = spawnSync(process.execPath, words, { stdio: 'inherit' }).status ?? 1;
}
