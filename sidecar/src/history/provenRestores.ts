import type { ProvenRestore } from '../../api/index.ts';
import type { Run } from './row.ts';

/**
 * @returns the id of the backup that a run has proven to be restorable: all of it was restored, by a drill or by a restore,
 *   and compared with the archive without a difference.
 */
export function provenBackup({ kind, status, details }: Run): string | undefined {
  if (status !== 'success' || !details || details.kind !== kind) return undefined;
  switch (details.kind) {
    case 'verify': // they read the archive, and restore nothing
    case 'copy':
      return undefined;
    case 'drill':
      return details.comparison?.differences === 0 ? details.backup : undefined;
    case 'restore':
      return details.paths === null && details.comparison?.differences === 0
        ? details.backup
        : undefined;
  }
}

/** The newest verification, or drill, of a claim that has ended. */
export interface LastCheck {
  id: string;
  failedAt: string | null;
}

/** When the backups were last restored as a whole, by backup and by claim: a list of thousands asks for each of them. */
export class ProvenRestores {
  readonly #byBackup = new Map<string, ProvenRestore>();
  readonly #byClaim = new Map<string, ProvenRestore>();
  /** By kind and claim. */
  readonly #checks = new Map<string, LastCheck>();
  readonly #backupOf: (id: string) => Run | undefined;

  /** @param backupOf asks the table */
  constructor(backupOf: (id: string) => Run | undefined) {
    this.#backupOf = backupOf;
  }

  /** Takes over a run as it is now. */
  remember(run: Run): void {
    this.#rememberCheck(run);
    const id = provenBackup(run);
    if (id === undefined || (run.kind !== 'drill' && run.kind !== 'restore')) return;
    const proof = { at: run.endedAt ?? run.createdAt, backup: id, check: run.id, kind: run.kind };
    const backup = this.#backupOf(id);
    if (!backup) return; // an archive that the history does not have
    keepNewer(this.#byBackup, id, proof);
    keepNewer(this.#byClaim, keyOf(backup), proof);
  }

  /** @returns when the newest check of a claim ended, if it failed. */
  checkFailure(
    kind: 'verify' | 'drill',
    { uid, namespace, name }: Pick<Run, 'uid' | 'namespace' | 'name'>
  ): string | null {
    return this.#checks.get(`${kind} ${keyOf({ uid, namespace, name })}`)?.failedAt ?? null;
  }

  #rememberCheck(run: Run): void {
    if (run.kind !== 'verify' && run.kind !== 'drill') return;
    if (run.status !== 'success' && run.status !== 'failed') return;
    const key = `${run.kind} ${keyOf(run)}`;
    const known = this.#checks.get(key);
    if (known && known.id > run.id) return;
    this.#checks.set(key, { id: run.id, failedAt: run.status === 'failed' ? run.endedAt : null });
  }

  ofBackup(id: string): ProvenRestore | null {
    return this.#byBackup.get(id) ?? null;
  }

  ofClaim(uid: string, namespace: string, name: string): ProvenRestore | null {
    return this.#byClaim.get(keyOf({ uid, namespace, name })) ?? null;
  }
}

function keepNewer(proofs: Map<string, ProvenRestore>, key: string, proof: ProvenRestore): void {
  const known = proofs.get(key);
  if (!known || known.at <= proof.at) proofs.set(key, proof);
}

const keyOf = ({ uid, namespace, name }: Pick<Run, 'uid' | 'namespace' | 'name'>) =>
  `${uid}/${namespace}/${name}`;
