import { archiveFormOf } from '../../archive/name.ts';
import type { Destination } from '../../destinations/destination.ts';
import { foreignName } from '../../destinations/foreignArchive.ts';
import { readFirstByte } from '../../destinations/read/readFirstByte.ts';
import { StageError, textOf } from '../../errors.ts';
import { isKnownBad } from './badArchive.ts';
import type { ClaimName } from './claimKeys.ts';
import type { Candidate, FailedRestore } from './decision.ts';
import type { ArchiveState, FoundArchive } from './facts.ts';
import type { FromHistory } from './fromHistory.ts';
import type { ListedArchive } from './listings.ts';
import type { Identified, Manifests } from './manifests.ts';

export interface LookWorld {
  manifests: Manifests;
  history: FromHistory;
  /** @returns whose cluster has that UID; null: format version 1, which did not say it. */
  clusterOf(uid: string | null, archive: ListedArchive): FoundArchive['cluster'];
  /** @returns whether an archive with that cluster in its name may be one of this cluster, or of one that it continues. */
  mayBeOurs(cluster: string): boolean;
  /** Is told the UID of every manifest that was read. */
  onCluster(uid: string): void;
}

/** Manifests that are read at once. */
const TOGETHER = 4;

/** Facts about the claim that decide how far it is looked. */
export interface LookWish {
  /** The backup that a person has named. */
  named: string | undefined;
  /** Restores of this claim that have failed. */
  failed: readonly FailedRestore[];
}

/**
 * Reads the manifests of archives, newest first, until one of this cluster is good or locked, was not made before a restore, and
 * its own restore has not failed: older ones decide nothing. The backup that a person has named is read as well.
 * @param archives newest first, as a listing shows them
 * @returns those that are the claim's, or may be
 * @throws only the reason of `signal`
 */
export async function lookAt(
  archives: readonly ListedArchive[],
  claim: ClaimName,
  { named, failed }: LookWish,
  destination: Destination,
  world: LookWorld,
  signal: AbortSignal
): Promise<FoundArchive[]> {
  const found: FoundArchive[] = [];
  const rest = new Set(archives);
  const there = new Set(archives.filter(one => one.hasManifest).map(({ runId }) => runId));
  const look = (each: ListedArchive) => lookAtOne(each, there, claim, destination, world, signal);
  // The newest is usually enough.
  for (let at = 0, size = 1; at < archives.length; at += size, size = TOGETHER) {
    const group = archives.slice(at, at + size);
    const looked = await Promise.all(group.map(look));
    found.push(...looked.flatMap(each => each ?? []));
    group.forEach(each => rest.delete(each));
    if (looked.some(each => isEnough(each, failed))) break;
  }
  for (const each of [...rest].filter(({ runId }) => runId === named)) {
    const looked = await look(each);
    if (looked) found.push(looked);
  }
  return found;
}

const isEnough = (each: FoundArchive | undefined, failed: readonly FailedRestore[]): boolean =>
  each?.cluster === 'own' &&
  !isKnownBad(each, failed) &&
  (each.state.is === 'good' || each.state.is === 'locked') &&
  !each.state.candidate.isSafety;

/** @param there run ids of the claim's archives there. @returns undefined for an archive of another claim. */
async function lookAtOne(
  listed: ListedArchive,
  there: ReadonlySet<string>,
  claim: ClaimName,
  destination: Destination,
  world: LookWorld,
  signal: AbortSignal
): Promise<FoundArchive | undefined> {
  const { key, runId, cluster: clusterName, atMs, hasManifest } = listed;
  const perhaps = (state: ArchiveState): FoundArchive => ({
    ...{ backup: runId, destination: destination.id, key, state },
    createdAt: new Date(atMs).toISOString(),
    // A cluster may have got another name: without its manifest, an archive may be ours.
    cluster: world.mayBeOurs(clusterName) || state.is === 'unlooked' ? 'perhaps' : 'other',
  });
  if (!hasManifest) return perhaps({ is: 'unproven' });
  const manifest = await world.manifests.read(key, destination, signal);
  if ('fails' in manifest) {
    if (manifest.fails === 'unlooked') {
      const { why, hint } = manifest;
      return perhaps({ is: 'unlooked', why, hint });
    }
    return perhaps({ is: manifest.fails, why: manifest.why });
  }
  if (manifest.clusterUid !== null) world.onCluster(manifest.clusterUid);
  if (manifest.namespace !== claim.namespace || manifest.pvc !== claim.name) return undefined;
  const cluster = world.clusterOf(manifest.clusterUid, listed);
  return {
    ...{ backup: manifest.runId, destination: destination.id, key, cluster },
    createdAt: manifest.createdAt,
    state: await stateOf(listed, there, manifest, cluster, destination, world, signal),
  };
}

async function stateOf(
  { key, bytes }: ListedArchive,
  there: ReadonlySet<string>,
  manifest: Identified,
  cluster: FoundArchive['cluster'],
  destination: Destination,
  { history }: LookWorld,
  signal: AbortSignal
): Promise<ArchiveState> {
  const candidate = candidateOf(manifest, destination.id, history);
  if (cluster === 'other') return { is: 'good', candidate };
  const bad = [manifest.runId, ...manifest.needs]
    .map(runId => history.faultOf(runId, destination.id))
    .find(why => why !== undefined);
  if (bad !== undefined) return { is: 'broken', why: bad };
  const missing = manifest.needs.find(runId => !there.has(runId));
  if (missing !== undefined) {
    const needed = `the archive of run ${missing}, which is not at destination ${destination.id}`;
    return { is: 'broken', why: `archive ${destination.locate(key)} needs ${needed}` };
  }
  try {
    if (bytes !== (manifest.storedBytes ?? manifest.bytes)) {
      const stored = await destination.stat(key, { signal });
      if (stored?.bytes !== manifest.bytes)
        return {
          is: 'broken',
          why: `archive ${destination.locate(key)} has ${
            stored?.bytes ?? bytes
          } bytes; its manifest says ${manifest.bytes}`,
        };
    }
    // Whether NKVM has the key.
    if (archiveFormOf(key) === 'tar.gz.age') await readFirstByte(destination, key, signal);
    return { is: 'good', candidate };
  } catch (error) {
    signal.throwIfAborted();
    return failedState(error, candidate);
  }
}

const LOCKED = ['ArchiveLocked', 'NoMatchingKey', 'PassphraseTooCostly'];

function failedState(error: unknown, candidate: Candidate): ArchiveState {
  const why = textOf(error);
  if (!(error instanceof StageError)) return { is: 'unlooked', why, hint: 'see the log of NKVM' };
  const { reason, hint } = error;
  if (LOCKED.includes(reason)) return { is: 'locked', candidate, why, hint };
  return reason === 'AgeBroken' ? { is: 'broken', why } : { is: 'unlooked', why, hint };
}

function candidateOf(
  { archive, runId, createdAt, cluster, clusterUid, neededBytes, proof, isSafety }: Identified,
  destination: string,
  history: FromHistory
): Candidate {
  const isKnown = history.isAt(runId, destination, archive);
  return {
    source: isKnown ? runId : `archive:${foreignName({ destination, key: archive })}`,
    ...{ backup: runId, destination, key: archive, createdAt, cluster, neededBytes },
    clusterUid: clusterUid ?? '',
    isSafety,
    proof: history.wasRestored(runId) ? 'restored' : proof,
  };
}
