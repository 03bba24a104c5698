import type { ProvenRestore } from '../../../api/index.ts';
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

type ClaimKey = Pick<Run, 'uid' | 'namespace' | 'name'>;

/** The newest verification, or drill, of a claim that has ended. */
export interface LastCheck {
  id: string;
  failedAt: string | null;
}

/** When the backups were last restored as a whole, by backup and by claim: a list of thousands asks for each of them. */
export class ProvenRestores {
  readonly #byBackup = new Map<string, ProvenRestore>();
  readonly #byClaim = new Map<string, ProvenRestore>();
  /** The backups, and the claims, of the proofs that are known, by the run that has made the proof. */
  readonly #backups = new Map<string, string>();
  readonly #claims = new Map<string, ClaimKey>();
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
    if (keepNewer(this.#byBackup, id, proof, this.#backups)) this.#backups.set(run.id, id);
    if (keepNewer(this.#byClaim, keyOf(backup), proof, this.#claims)) {
      this.#claims.set(run.id, { uid: backup.uid, namespace: backup.namespace, name: backup.name });
    }
  }

  /** @returns when the newest check of a claim ended, if it failed. */
  checkFailure(
    kind: 'verify' | 'drill',
    { uid, namespace, name }: Pick<Run, 'uid' | 'namespace' | 'name'>
  ): string | null {
    return this.#checks.get(`${kind} ${keyOf({ uid, namespace, name })}`)?.failedAt ?? null;
  }

  /** @param claim of the run @returns whether it is the newest verification, or drill, of its claim. */
  isLastCheck(id: string, claim: ClaimKey): boolean {
    return (['verify', 'drill'] as const).some(
      kind => this.#checks.get(`${kind} ${keyOf(claim)}`)?.id === id
    );
  }

  /** @returns the claim whose newest proof this run is. */
  claimProvenBy(id: string): ClaimKey | undefined {
    return this.#claims.get(id);
  }

  /** @returns whether this run is the newest proof of the backup that it restored. */
  provesBackup(id: string): boolean {
    return this.#backups.has(id);
  }

  /** Takes over that a run has left the history. */
  forget(run: Run): void {
    const ofRun = this.#byBackup.get(run.id);
    if (ofRun) this.#backups.delete(ofRun.check);
    this.#byBackup.delete(run.id);
    const backup = this.#backups.get(run.id);
    if (backup !== undefined) this.#byBackup.delete(backup);
    this.#backups.delete(run.id);
    const claim = this.#claims.get(run.id);
    if (claim) this.#byClaim.delete(keyOf(claim));
    this.#claims.delete(run.id);
    for (const kind of ['verify', 'drill']) {
      const key = `${kind} ${keyOf(run)}`;
      if (this.#checks.get(key)?.id === run.id) this.#checks.delete(key);
    }
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

/** @param subjects loses the proof that is replaced @returns whether the proof is the newest */
function keepNewer(
  proofs: Map<string, ProvenRestore>,
  key: string,
  proof: ProvenRestore,
  subjects: Map<string, unknown>
): boolean {
  const known = proofs.get(key);
  if (known && known.at > proof.at) return false;
  if (known) subjects.delete(known.check);
  proofs.set(key, proof);
  return true;
}

const keyOf = ({ uid, namespace, name }: Pick<Run, 'uid' | 'namespace' | 'name'>) =>
  `${uid}/${namespace}/${name}`;
