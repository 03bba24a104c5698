import type { Backup, RunKind } from '../../api/index.ts';
import type { RunChange, RunRecord } from '../history/history.ts';
import type { RunDetails } from '../history/queries/details.ts';

/** The access of a run to the volume of its claim; `none`: it reads archives of the claim alone. */
export type VolumeAccess = 'none' | 'read' | 'write';

/** The end of one attempt. */
export type JobEnd = RunChange & {
  /** How long the other side asked to be left alone before the next attempt. */
  retryAfterMs?: number;
  /** Nothing could begin, and the attempt does not count: how long until it may. */
  waitMs?: number;
  /** The outage that caused the failure, e.g. `destination x is unavailable`: the attempt does not count. */
  excuse?: string;
  /** The volume cannot be had now: the attempt does not count, up to a limit. See `DeferredError`. */
  deferred?: { pod?: string | undefined };
  /** No attempt follows, whatever the class of the failure: something else sees to it. */
  isLast?: boolean;
};

/** How often a run is tried, and when. */
export interface RetryPolicy {
  /** Attempts in total; 1: none after the first. */
  maxAttempts: number;
  /** Milliseconds between the end of an attempt (1 is the first) and the next. */
  delayMs(attempt: number): number;
}

/** One kind of run, as the queue sees it. */
export interface JobKind {
  access: VolumeAccess;
  /** It stores something: it waits while the directory of the settings has too little space. */
  needsRoom?: boolean | ((run: RunRecord) => boolean);
  /** When its failures are tried again, if not when those of all runs are. */
  retry?: RetryPolicy;
  /** How many of this kind run side by side, beside the limit of the others: it uses no helper. Absent: that limit counts. */
  slots?: number;
  /** @returns the node that the helper must run on; null: any. */
  nodeOf(run: RunRecord): string | null;
  /**
   * Carries out one attempt. Never throws.
   * @param report takes what changes on the way.
   * @param signal ends the attempt; with the reason `CANCELLED` it ends as cancelled.
   */
  work(run: RunRecord, report: (change: RunChange) => void, signal: AbortSignal): Promise<JobEnd>;
  /**
   * Decides how an attempt ended that an earlier process was in the middle of, before any run starts: a failure whose class
   * says whether it is tried again, or a success. It may run twice.
   * @throws ApiFailure where the API server did not say: it is asked again.
   * Absent: `failed`, and tried again.
   */
  afterRestart?(run: RunRecord, signal: AbortSignal): Promise<JobEnd>;
}

/** Kinds that this process can carry out. */
export type JobKinds = Readonly<Partial<Record<RunKind, JobKind>>>;

/** The reason with which a run is aborted when a person cancelled it. */
export const CANCELLED = Symbol('cancelled');

/** A claim that a run is asked for; its `uid` is empty where the run is to create it. */
export type Target = Pick<Backup, 'namespace' | 'name' | 'uid'> & {
  /** Where the claim is, if not in the namespace that has its name now: a check of a backup belongs where the backup does. */
  place?: Place | undefined;
  /** Where the archive of a backup is to be stored: ids of destinations. */
  destinations?: readonly string[] | undefined;
};

/** Where a namespace is, so that a name alone never identifies anything. */
export type Place = Pick<Backup, 'namespaceUid' | 'clusterUid'>;

/** The request for a run. */
export interface JobRequest {
  kind: RunKind;
  requestedBy: string;
  priority: Backup['priority'];
  /** A run that has begun to read the volume does not count: its data may be hours old. */
  fresh: boolean;
  acceptEmpty: boolean;
  verify: Backup['verify'];
  form: Backup['form'];
  /** Of other kinds than backups. */
  details: RunDetails | null;
}

/** A request as callers write it: everything but its caller has a usual value. */
export type Asked = Pick<JobRequest, 'requestedBy'> & {
  [Name in keyof Omit<JobRequest, 'requestedBy'>]?: JobRequest[Name] | undefined;
};

/** @returns the whole request: by default an on-demand backup that joins whatever serves it. */
export const requestOf = (asked: Asked): JobRequest => ({
  requestedBy: asked.requestedBy,
  kind: asked.kind ?? 'backup',
  priority: asked.priority ?? 'on-demand',
  fresh: asked.fresh ?? false,
  acceptEmpty: asked.acceptEmpty ?? false,
  verify: asked.verify ?? null,
  form: asked.form ?? null,
  details: asked.details ?? null,
});
