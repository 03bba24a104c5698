import type { AuditBreak, AuditCheck, AuditEntry } from '../../../api/index.ts';
import { textOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Checked } from './checkChain.ts';
import type { AuditFacts, Link } from './line.ts';
import type { AuditKeep, AuditLog } from './openAudit.ts';

/** The subject of an entry. Absent: NKVM itself, its own cluster, and nothing. */
export type AuditWhat = Pick<AuditFacts, 'action'> &
  Partial<
    Pick<
      AuditFacts,
      | 'actor'
      | 'from'
      | 'cluster'
      | 'claims'
      | 'backup'
      | 'archive'
      | 'destination'
      | 'runs'
      | 'detail'
    >
  >;

/** The end of a call or a run. */
export type AuditOutcome = Pick<AuditFacts, 'result'> &
  Partial<Pick<AuditFacts, 'status' | 'reason' | 'detail' | 'runs' | 'repeated' | 'pruned'>>;

/** A change that has an entry, and none with its result yet. */
export interface BegunChange {
  /** Never rejects, as `record`. */
  end(outcome: AuditOutcome): Promise<void>;
}

/** Records what is done. */
export interface AuditTrail {
  /** To be called before a change. @throws StageError: it cannot be recorded, and must not be made. */
  begin(what: AuditWhat): Promise<BegunChange>;
  /** Never rejects: what cannot be written is in the log and counted, and the next entry that can be written says so. */
  record(what: AuditWhat, outcome: AuditOutcome): Promise<void>;
}

/** Records nothing; for parts that are used without the rest of NKVM. */
export const noTrail: AuditTrail = {
  begin: async () => ({ end: async () => undefined }),
  record: async () => undefined,
};

/** The audit log of a process, with what its administrators ask for. */
export interface WatchedTrail extends AuditTrail, Pick<AuditLog, 'page'> {
  /** Follows the chain. @throws Error when the disk cannot be read */
  check(): Promise<AuditCheck>;
  prune(keep: AuditKeep): Promise<void>;
  /** The finding of the last check; undefined: there was none. */
  broken(): AuditBreak | null | undefined;
  /** Entries that could not be written since the process started. */
  lost(): number;
  /** To be called once, before anything else: says how the log was found. */
  start(): Promise<void>;
}

export interface AuditTrailOptions {
  audit: AuditLog;
  /** Name of the cluster that NKVM runs in. */
  cluster: string;
  now: () => Date;
  log: Log;
}

const NKVM: AuditEntry['actor'] = {
  ...{ kind: 'nkvm', name: 'nkvm', uid: null, groups: [], credential: null },
};

/** @returns what writes to an audit log, and to the log of the process with the same fields. */
export function auditTrail({ audit, cluster, now, log }: AuditTrailOptions): WatchedTrail {
  let broken: AuditBreak | null | undefined;
  let lost = 0;
  /** Of them, no entry tells yet. */
  let untold = 0;

  const factsOf = (
    what: AuditWhat,
    outcome: AuditOutcome,
    phase: AuditFacts['phase'],
    begun: number | null = null
  ): AuditFacts => ({
    ...{ phase, begun, at: now().toISOString(), cluster: what.cluster ?? cluster },
    ...{ actor: what.actor ?? NKVM, from: what.from ?? null, action: what.action },
    ...{ claims: what.claims ?? [], backup: what.backup ?? null, archive: what.archive ?? null },
    destination: what.destination ?? null,
    runs: outcome.runs ?? what.runs ?? [],
    ...{ result: outcome.result, status: outcome.status ?? null, reason: outcome.reason ?? null },
    detail: outcome.detail ?? what.detail ?? null,
    repeated: outcome.repeated ?? 0,
    ...(outcome.pruned && { pruned: outcome.pruned }),
  });

  const tellLost = async (): Promise<void> => {
    if (untold === 0) return;
    const told = untold;
    const detail = `${told} entries could not be written before; the log of NKVM has them`;
    const gap = { result: 'failed', reason: 'AuditNotWritten', detail, repeated: told } as const;
    await audit.append(factsOf({ action: 'audit.gap' }, gap, 'whole'));
    untold -= told;
  };

  const write = async (facts: AuditFacts): Promise<void> => {
    try {
      const place = await audit.append(facts);
      logEntry(facts, place);
      await tellLost().catch(() => undefined);
    } catch (error) {
      lost += 1;
      untold += 1;
      const { action } = facts;
      log.error(
        { audit: shown(facts) },
        `the audit log has no entry of ${action}, which follows here: ${textOf(error)}`
      );
    }
  };

  const logEntry = (facts: AuditFacts, place: Link): void => {
    const { action, actor, result } = facts;
    log.info(
      { audit: { ...place, ...shown(facts) } },
      `audit: ${actor.name ?? 'a caller without a valid token'}: ${action}: ${result}`
    );
  };

  const record: AuditTrail['record'] = (what, outcome) => write(factsOf(what, outcome, 'whole'));

  const found = (checked: Checked): void => {
    const before = broken;
    broken = checked.broken;
    if (broken && before?.sequence !== broken.sequence)
      log.error(
        { ...broken },
        `the audit log is broken at entry ${broken.sequence}: ${broken.message}`
      );
  };

  const follow = async (): Promise<Checked> => {
    const checked = await audit.check();
    found(checked);
    return checked;
  };

  return {
    record,
    page: audit.page,
    broken: () => broken,
    lost: () => lost,

    async begin(what) {
      const { sequence } = await audit.append(factsOf(what, { result: null }, 'begun'));
      return { end: outcome => write(factsOf(what, outcome, 'ended', sequence)) };
    },

    async check() {
      const checked = await follow();
      const { entries, first, last } = checked;
      return {
        ...{ isWhole: checked.broken === null, checkedAt: now().toISOString() },
        ...{ entries, first, last: last.sequence, hash: last.hash, broken: checked.broken },
      };
    },

    async prune(keep) {
      await audit.prune(keep, last => {
        const detail = `entries up to ${last.sequence} were deleted, because of their age or the size of the log`;
        return factsOf(
          { action: 'audit.prune', detail },
          { result: 'success', pruned: last },
          'whole'
        );
      });
    },

    async start() {
      const { tornBytes, isHeadMissing, last } = audit.found;
      const { broken: atStart, unended } = await follow();
      const details = [
        ...(tornBytes > 0
          ? [`${tornBytes} bytes of an entry that was not completed were cut off`]
          : []),
        ...(isHeadMissing ? ['the head is missing, so that entries at the end may be, too'] : []),
        ...(atStart ? [`it is broken at entry ${atStart.sequence}: ${atStart.message}`] : []),
      ];
      await record(
        { action: 'audit.start' },
        isHeadMissing || atStart
          ? { result: 'failed', reason: 'AuditBroken', detail: details.join('; ') }
          : { result: 'success', detail: details.join('; ') || null }
      );
      for (const { sequence, ...entry } of unended) {
        if (sequence > last) continue; // begun by this process
        const ended = { phase: 'ended', begun: sequence, result: 'interrupted' } as const;
        const detail = 'NKVM ended before the answer; it may have been carried out';
        await write({ ...entry, ...ended, at: now().toISOString(), detail });
      }
    },
  };
}

/** The fields of a line of the log: those of an entry that say something. */
function shown({ cluster, ...facts }: AuditFacts): object {
  const said = Object.entries(facts).filter(
    ([name, value]) =>
      name !== 'phase' && value !== null && !(Array.isArray(value) && value.length === 0)
  );
  return { cluster, ...Object.fromEntries(said) };
}

/**
 * Carries out a change with an entry before it and one after it.
 * @param ended what becomes of the result
 * @throws what `work` throws, and StageError when the entry before it cannot be written: then `work` was not called
 */
export async function recorded<T>(
  trail: AuditTrail,
  what: AuditWhat,
  work: () => Promise<T>,
  ended: (result: T) => AuditOutcome
): Promise<T> {
  const change = await trail.begin(what);
  try {
    const result = await work();
    await change.end(ended(result));
    return result;
  } catch (error) {
    await change.end({ result: 'failed', ...failureOf(error) });
    throw error;
  }
}

/** Messages of anything but a StageError may hold what was asked for. */
const failureOf = (error: unknown): Pick<AuditOutcome, 'reason' | 'detail'> =>
  error instanceof Error && 'reason' in error && typeof error.reason === 'string'
    ? { reason: error.reason, detail: error.message }
    : { detail: 'an internal error, which the log of NKVM has' };
