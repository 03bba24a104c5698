import type { PlanFiles } from '../../../api/index.ts';
import { select } from '../../archive/index/select.ts';
import type { Archives } from '../../browse/archives.ts';
import type { OpenArchive } from '../../browse/openArchive.ts';
import type { Claim, ClusterInventory } from '../../cluster/inventory/inventory.ts';
import { StageError, textOf } from '../../errors.ts';
import type { Helper } from '../../helper/helper.ts';
import { lookAtVolume } from '../../helper/unpack/lookAtVolume.ts';
import { walkVolume } from '../../helper/unpack/walk.ts';
import { placementOf } from '../../helper/wait/placement.ts';
import { podThatWants, volumeWanted, watchWanted } from '../../helper/wait/volumeWanted.ts';
import { sameLimits } from '../../helper/wait/waitLimits.ts';
import { withHelper } from '../../helper/withHelper.ts';
import type { IntoClaimWorld } from '../intoClaim.ts';
import { refOf } from '../selectEntries.ts';
import type { RestoreSource } from '../source.ts';
import { patternsOf } from '../source.ts';
import { fileComparison } from './compareFiles.ts';
import type { Looks } from './looks.ts';
import type { Answer, TargetLook } from './planFacts.ts';

/** A look into the volume of an existing claim, for a plan. */
export interface LookRequest {
  claim: Claim;
  source: RestoreSource;
  paths: readonly string[] | undefined;
  signal: AbortSignal;
}

/** Never throws but for the caller's signal: what cannot be looked at is known later. */
export type LookInto = (request: LookRequest) => Promise<Answer<TargetLook | null>>;

export interface LookWorld extends Omit<IntoClaimWorld, 'runTimeoutMs'> {
  archives(): Pick<Archives, 'openQuickly'>;
  looks: Looks;
  /** Whether a run of NKVM uses the claim. */
  isBusy(claim: Claim): boolean;
  inventory: Pick<ClusterInventory, 'claim'>;
}

/** A person waits: whatever takes longer is known later. */
const POD_MS = 20_000;
const WALK_MS = 30_000;
const DEADLINE_MS = 120_000;

/**
 * Looks into a claim with a helper pod that can only read, and compares it with the index of the archive. A claim that was
 * never bound is not looked at: the look itself would bind it.
 */
export const lookIntoClaim =
  (world: LookWorld): LookInto =>
  async ({ claim, source, paths, signal }) => {
    const later = (why: string) => ({ later: `the claim was not inspected: ${why}` });
    if (claim.phase === 'Pending') return { is: null };
    if (world.isBusy(claim)) return later('a run of NKVM uses it');
    if (claim.accessModes.includes('ReadWriteOncePod')) {
      return later('it is ReadWriteOncePod, and its own pod could not start meanwhile');
    }
    const placement = placementOf({ ...claim, restoreMark: undefined }, world.cluster.nodes?.());
    if ('refuse' in placement) return later(placement.refuse.message);
    const id = world.looks.begin(claim.namespace);
    const closing: Promise<unknown>[] = [];
    const wanted = new AbortController();
    let node = placement.node;
    const unwatch = watchWanted(
      () => podOf(world.inventory.claim(claim.namespace, claim.name), node),
      pod => wanted.abort(volumeWanted('exec', claim, pod))
    );
    const either = AbortSignal.any([signal, wanted.signal]);
    try {
      const archive = await world
        .archives()
        .openQuickly(refOf(source), signal)
        .catch(() => undefined);
      const look = await withHelper(
        { ...world.cluster, readClaim: world.readClaim },
        {
          namespace: claim.namespace,
          claimUid: claim.uid,
          waitLimits: sameLimits(Math.min(POD_MS, world.waitLimits.start)),
          spec: {
            runId: id,
            attempt: 1,
            installation: world.installation,
            claimName: claim.name,
            access: 'read',
            purpose: 'restore',
            settings: world.helperSettings,
            node: placement.node,
            nodeTolerations: placement.tolerations,
            deadlineMs: DEADLINE_MS,
          },
        },
        {
          signal: either,
          onCreated: () => undefined,
          onWaiting: () => undefined,
          onReady: (_, found) => void (node = found),
          explain: async error => error,
          closing: gone => closing.push(gone.catch(() => undefined)),
        },
        async ({ helper }) => {
          const { isEmpty, freeBytes } = await lookAtVolume(helper, { signal: either });
          const files = archive
            ? await filesOf(helper, archive, paths, patternsOf(source), either)
            : null;
          either.throwIfAborted();
          return { isEmpty, freeBytes, files };
        }
      );
      return { is: look };
    } catch (error) {
      signal.throwIfAborted();
      return later(textOf(wanted.signal.reason ?? error));
    } finally {
      unwatch();
      void Promise.all(closing).then(() => world.looks.end(id));
    }
  };

const podOf = (claim: Claim | undefined, node: string | null): string | undefined =>
  claim && podThatWants(claim, node)?.name;

/** @returns null where the paths are not in the archive: another check says so. */
async function filesOf(
  helper: Helper,
  { index }: OpenArchive,
  paths: readonly string[] | undefined,
  patterns: readonly string[],
  signal: AbortSignal
): Promise<PlanFiles | null> {
  try {
    const comparison = fileComparison(index, paths ? select(index, paths) : null, patterns);
    const { isComplete } = await walkVolume(helper, { limitMs: WALK_MS, signal }, entry =>
      comparison.take(entry)
    );
    return comparison.result(isComplete);
  } catch (error) {
    if (error instanceof StageError) return null;
    throw error;
  }
}
