import { pino } from 'pino';
import { onTestFinished, vi } from 'vitest';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { NamespaceFact } from '../../cluster/watch/facts.ts';
import { StageError } from '../../errors.ts';
import type { History, RunRecord } from '../../history/history.ts';
import { runIds } from '../../history/runId.ts';
import type { JobEnd } from '../../jobs/job.ts';
import type { Queue } from '../../jobs/queue/queue.ts';
import { startQueue } from '../../jobs/queue/queue.ts';
import { isHeldByRestore } from '../../policy/populate/firstRestore.ts';
import type { Scheduler } from '../../policy/schedule/scheduler.ts';
import { scheduler } from '../../policy/schedule/scheduler.ts';
import { startBackups } from '../../policy/schedule/starts.ts';
import type { Wish } from '../../policy/wish/wish.ts';
import { testClaim } from '../cluster/testClaim.ts';
import { newPath, openFor } from '../history/testDisk.ts';

const MINUTE = 60_000;

/** Schedules over a real history and a real queue, by a clock that a test moves. Runs end at once. */
export interface ScheduleWorld {
  /** What the clock shows, in milliseconds since 1970. A test may set it: that is a step. */
  clock: number;
  claims: Claim[];
  namespaces: Map<string, NamespaceFact>;
  history: History;
  /** Of the process that runs now. */
  schedules: Scheduler;
  /** When runs were asked for: ISO-8601 without seconds, by claim. */
  ran(name?: string): string[];
  problems: { claim: Claim; wish: Wish }[];
  refusals: string[];
  /** Why no run may be asked for; undefined: runs may be. */
  held: string | undefined;
  /** Claims that cannot be backed up now. */
  refused: (claim: { namespace: string; name: string }) => boolean;
  end: (run: RunRecord) => JobEnd;
  /** Lets time pass, with a look each minute. */
  pass(minutes: number): Promise<void>;
  /** Lets time pass until a time of the same day or the next, e.g. `14:00`, with a look each minute. */
  until(time: string): Promise<void>;
  /** Another process takes over after some time in which none ran. */
  restart(minutesLater: number): Promise<void>;
  /** Makes claims `shop/NAME-0` and so on, now unless `change` says when. */
  add(count: number, change?: Partial<Claim>, name?: string): Claim[];
  change(claim: Claim, change: Partial<Claim>): Claim;
}

/** @param start ISO-8601 */
export async function scheduleWorld(
  start: string,
  { timeZone = 'UTC', clusterUid = 'cluster-1' } = {}
): Promise<ScheduleWorld> {
  const log = pino({ level: 'silent' });
  const world = { clock: Date.parse(start) } as ScheduleWorld;
  let elapsed = 0;
  let queue: Queue;
  const now = () => new Date(world.clock);
  const history = await openFor(newPath(), { now });
  const nameOf = ({ namespace, name }: { namespace: string; name: string }) =>
    `${namespace}/${name}`;
  const asked: { claim: string; at: string }[] = [];

  const newQueue = () => {
    const made = startQueue({
      ...{ history, now, log },
      kinds: {
        backup: { access: 'read', nodeOf: () => null, work: async run => world.end(run) },
      },
      limits: { total: 64, perNode: 64 },
      retry: { maxAttempts: 1, delayMs: () => 0 },
      newId: runIds(
        { now: () => world.clock, random: size => crypto.getRandomValues(new Uint8Array(size)) },
        history.newestId()
      ),
      onEnd: () => undefined,
    });
    made.resume();
    return made;
  };
  const find = (namespace: string, name: string) =>
    world.claims.find(claim => claim.namespace === namespace && claim.name === name);
  const newSchedules = () =>
    scheduler({
      inventory: {
        isReady: () => true,
        namespaces: () => [...new Set(world.claims.map(({ namespace }) => namespace))],
        namespace: name => world.namespaces.get(name),
        claims: namespace => world.claims.filter(claim => claim.namespace === namespace),
        claim: find,
      },
      history,
      settings: { clusterUid, timeZone },
      start: {
        backup: startBackups(
          {
            admit: async volumes => ({
              claims: volumes.flatMap(volume => {
                const claim = find(volume.namespace, volume.name);
                if (!claim || world.refused(volume)) return [];
                asked.push({ claim: nameOf(volume), at: now().toISOString().slice(0, 16) });
                return [{ ...claim, destinations: ['local'] }];
              }),
              refused: volumes
                .filter(volume => world.refused(volume))
                .map(volume => ({
                  volume,
                  error: new StageError(
                    'queue',
                    'NamespaceNotOpen',
                    'backups are not allowed in it',
                    'open it',
                    'needs-action'
                  ),
                })),
            }),
          },
          queue
        ),
        drill: async () => [],
      },
      held: () => world.held,
      isHeld: isHeldByRestore,
      now,
      elapsed: () => elapsed,
      log,
      onProblem: (claim, wish) => world.problems.push({ claim, wish }),
      onRefused: (claim, _, error) => world.refusals.push(`${nameOf(claim)} ${error.reason}`),
    });

  const look = async () => {
    await world.schedules.look();
    await vi.waitUntil(() => queue.depth().queued + queue.depth().running === 0, {
      timeout: 20_000,
      interval: 1,
    });
  };
  Object.assign(world, {
    clock: Date.parse(start),
    claims: [] as Claim[],
    namespaces: new Map<string, NamespaceFact>([
      ['shop', { name: 'shop', uid: 'ns-shop', createdAt: '2026-01-01T00:00:00Z' }],
    ]),
    history,
    ran: (name?: string) =>
      asked
        .filter(({ claim }) => name === undefined || claim === `shop/${name}`)
        .map(({ at }) => at),
    problems: [] as ScheduleWorld['problems'],
    refusals: [] as string[],
    held: undefined,
    refused: () => false,
    end: (): JobEnd => ({ status: 'success', endedAt: now().toISOString() }),
    async pass(minutes: number) {
      for (let passed = 0; passed < minutes; passed += 1) {
        world.clock += MINUTE;
        elapsed += MINUTE;
        await look();
      }
    },
    async until(time: string) {
      do await world.pass(1);
      while (now().toISOString().slice(11, 16) !== time);
    },
    async restart(minutesLater: number) {
      await queue.stop();
      world.clock += minutesLater * MINUTE;
      elapsed = 0;
      queue = newQueue();
      world.schedules = newSchedules();
      await look();
    },
    add(count: number, change: Partial<Claim> = {}, name = 'data') {
      const made = Array.from({ length: count }, (_, index) =>
        testClaim({
          name: `${name}-${index}`,
          uid: `uid-${name}-${index}`,
          createdAt: now().toISOString(),
          ...change,
        })
      );
      world.claims.push(...made);
      return made;
    },
    change(claim: Claim, change: Partial<Claim>) {
      const changed = { ...claim, ...change };
      world.claims[world.claims.indexOf(claim)] = changed;
      return changed;
    },
  } satisfies Omit<ScheduleWorld, 'schedules'>);
  queue = newQueue();
  world.schedules = newSchedules();
  await look();
  onTestFinished(() => queue.stop());
  return world;
}
