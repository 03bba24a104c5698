import type { BackupSummary } from '../../../api/index.ts';
import type { ClaimHistory } from '../history.ts';
import type { Head } from './readRun.ts';

/** The claim that a run is of; a re-created one has another UID. */
export type ClaimOf = Pick<Head, 'uid' | 'namespace' | 'name' | 'namespaceUid'>;

/** The part of a claim that this file uses. */
export type ClaimBackups = Pick<ClaimHistory, 'lastBackup' | 'lastSuccess'>;

export const NO_HISTORY: ClaimBackups = Object.freeze({ lastBackup: null, lastSuccess: null });

export const summaryOf = (run: Head): BackupSummary => ({
  id: run.id,
  status: run.status,
  stage: run.stage,
  createdAt: run.createdAt,
  endedAt: run.endedAt,
  bytes: run.bytes,
  message: run.message,
  presentAt: run.copies
    .filter(({ state }) => state === 'present')
    .map(({ destination }) => destination),
  hasWarnings: run.warnings.length > 0,
});

/**
 * The last backup and the last proven one of every claim, because a list of thousands of volumes asks for each of them.
 */
export class ClaimHeads {
  /** By claim, then by the UID of its namespace; `''` where that is not known. */
  readonly #heads = new Map<string, Map<string, ClaimBackups>>();
  readonly #latest: () => string;
  readonly #lastSuccess: (claim: ClaimOf, latest: string) => Head | undefined;

  /**
   * @param latest the latest time that can be believed: a run with a later one was made by a wrong clock, and counts as
   *   older than all others
   * @param lastSuccess asks the table
   */
  constructor(
    latest: () => string,
    lastSuccess: (claim: ClaimOf, latest: string) => Head | undefined
  ) {
    this.#latest = latest;
    this.#lastSuccess = lastSuccess;
  }

  /** Takes over a run as it is now. */
  remember(run: Head): void {
    if (run.kind !== 'backup') return;
    const byNamespace = this.#heads.get(keyOf(run)) ?? new Map<string, ClaimBackups>();
    const known = byNamespace.get(run.namespaceUid ?? '') ?? NO_HISTORY;
    const latest = this.#latest();
    const isLastSuccessNoMore = run.status !== 'success' && known.lastSuccess?.id === run.id;
    const before = isLastSuccessNoMore
      ? { ...known, lastSuccess: summaryOrNull(this.#lastSuccess(run, latest)) }
      : known;
    byNamespace.set(run.namespaceUid ?? '', headsAfter(before, run, latest));
    this.#heads.set(keyOf(run), byNamespace);
  }

  /** @returns whether the newest backup, or the newest proven one, of a claim is this run. */
  rests(run: ClaimOf & { id: string }): boolean {
    const known = this.#heads.get(keyOf(run))?.get(run.namespaceUid ?? '');
    return known?.lastBackup?.id === run.id || known?.lastSuccess?.id === run.id;
  }

  /** Takes over that a run has left the history. */
  forget(run: ClaimOf & { id: string }): void {
    const byNamespace = this.#heads.get(keyOf(run));
    const known = byNamespace?.get(run.namespaceUid ?? '');
    if (!byNamespace || !known) return;
    const left = {
      lastBackup: known.lastBackup?.id === run.id ? null : known.lastBackup,
      lastSuccess: known.lastSuccess?.id === run.id ? null : known.lastSuccess,
    };
    if (left.lastBackup || left.lastSuccess) byNamespace.set(run.namespaceUid ?? '', left);
    else byNamespace.delete(run.namespaceUid ?? '');
    if (byNamespace.size === 0) this.#heads.delete(keyOf(run));
  }

  /** Forgets everything. */
  clear(): void {
    this.#heads.clear();
  }

  /**
   * @param namespaceUid the namespace as it is now: runs of a namespace of the same name that had another UID do not
   *   count; undefined: it is not known
   */
  of(uid: string, namespace: string, name: string, namespaceUid?: string): ClaimBackups {
    const byNamespace = this.#heads.get(keyOf({ uid, namespace, name }));
    if (!byNamespace) return NO_HISTORY;
    const latest = this.#latest();
    let heads = NO_HISTORY;
    for (const [of, each] of byNamespace) {
      if (namespaceUid !== undefined && of !== '' && of !== namespaceUid) continue;
      heads = {
        lastBackup: newer(heads.lastBackup, each.lastBackup, latest),
        lastSuccess: newer(heads.lastSuccess, each.lastSuccess, latest),
      };
    }
    return heads;
  }
}

/**
 * @param known what was known of the claim
 * @param run one of its runs as it is now
 * @param latest the latest time that can be believed
 */
export function headsAfter(known: ClaimBackups, run: Head, latest: string): ClaimBackups {
  const summary = summaryOf(run);
  return {
    lastBackup: newer(known.lastBackup, summary, latest),
    lastSuccess:
      run.status === 'success' ? newer(known.lastSuccess, summary, latest) : known.lastSuccess,
  };
}

/** @returns the newer one in the order of lists, by time and then by id; `other` when both are the same run. */
function newer(
  one: BackupSummary | null,
  other: BackupSummary | null,
  latest: string
): BackupSummary | null {
  if (!one || !other) return one ?? other;
  const timeOf = ({ createdAt }: BackupSummary) => (createdAt <= latest ? createdAt : '');
  const [a, b] = [timeOf(one), timeOf(other)];
  return a > b || (a === b && one.id > other.id) ? one : other;
}

const keyOf = ({ uid, namespace, name }: Omit<ClaimOf, 'namespaceUid'>) =>
  `${uid}/${namespace}/${name}`;

const summaryOrNull = (run: Head | undefined) => (run ? summaryOf(run) : null);
