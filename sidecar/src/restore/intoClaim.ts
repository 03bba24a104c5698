import type { Readable } from 'node:stream';
import type { RestoreMode } from '../../api/index.ts';
import type { Digest } from '../archive/digest.ts';
import type { ReadClaim } from '../cluster/inventory/claims.ts';
import type { ClaimId } from '../cluster/writes/claimWrites.ts';
import { isOtherwise } from '../destinations/direct.ts';
import { StageError, textOf } from '../errors.ts';
import type { DirectDoubts } from '../helper/direct/doubts.ts';
import type { DirectArchives, NotRead } from '../helper/direct/unpackDirect.ts';
import { checkDirect, DIRECT_READ_BROKE, unpackDirect } from '../helper/direct/unpackDirect.ts';
import type { Helper, HelperCluster } from '../helper/helper.ts';
import { BROKE_BEFORE } from '../helper/push/invite.ts';
import type { PushListener } from '../helper/push/listener.ts';
import type { HelperSettings } from '../helper/settings/settings.ts';
import type { Route } from '../helper/transport.ts';
import type { VolumeLook } from '../helper/unpack/lookAtVolume.ts';
import { lookAtVolume } from '../helper/unpack/lookAtVolume.ts';
import type { LinkSize } from '../helper/unpack/unpack.ts';
import { unpackInto } from '../helper/unpack/unpack.ts';
import type { Unpacked } from '../helper/unpack/unpackOutcome.ts';
import type { HelperNode } from '../helper/wait/helperNode.ts';
import type { WaitLimits } from '../helper/wait/waitLimits.ts';
import type { HelperUse } from '../helper/withHelper.ts';
import { withHelper } from '../helper/withHelper.ts';
import { sizeText } from './plan/planSpace.ts';

/** The archive that is sent into a volume. */
export interface RestoreBody {
  /** `gzip`: the archive as it is stored; `tar`: some of its entries. */
  encoding: 'gzip' | 'tar';
  /** The expected digest of the bytes that arrive. */
  expected: { rawBytes?: number; files?: number; sha256?: string };
  /** See `UnpackRequest`. */
  links?: readonly LinkSize[];
  /** Space that its files need in the volume; undefined: not known. */
  neededBytes: number | undefined;
  open(signal: AbortSignal): Promise<Readable> | Readable;
}

/** An archive that a helper pod reads by itself. It is compared there, before anything is written. */
export interface DirectBody {
  archives: DirectArchives;
  /** Reads and compares the archive here, where the pod cannot. @throws StageError when it is not what it should be */
  instead(): Promise<RestoreBody>;
}

/** An archive, checked unless it is `direct`, and the claim that it is unpacked into. */
export interface IntoClaim {
  /** Names the helper pod. */
  runId: string;
  attempt: number;
  claim: ClaimId;
  /** Where the helper must run; absent: wherever the scheduler and the volume allow. */
  place?: HelperNode | undefined;
  mode: RestoreMode;
  isSelection: boolean;
  /** No safety backup could be taken, because there was no volume: whatever is in it now would be lost. */
  mustBeEmpty?: boolean;
  body: RestoreBody;
  /** The helper pod reads the archive at the storage by itself, if it can. */
  direct?: DirectBody | undefined;
  /** Why it does not, where it could have; the end of a sentence. */
  notDirect?: string | undefined;
  /** In the attempt before, a connection broke that the pod had opened. */
  hasPushBroken?: boolean;
  /** See `patternsOf`. */
  patterns?: readonly string[];
}

export interface IntoClaimWorld {
  cluster: HelperCluster;
  /** Where helpers may fetch archives; absent: nowhere. */
  push?: PushListener | undefined;
  /** Facts on archives that helpers read at the storage. Absent: helpers read none there. */
  direct?: DirectDoubts | undefined;
  readClaim: ReadClaim;
  installation: string;
  helperSettings: HelperSettings;
  waitLimits: WaitLimits;
  runTimeoutMs: number;
}

const ANYWHERE: HelperNode = { node: null, tolerations: [] };

/** Its surroundings. */
export interface IntoClaimHooks {
  signal: AbortSignal;
  helper: Omit<HelperUse, 'signal'>;
  /**
   * The pod reads a direct archive, or NKVM does after all.
   * @param bytes that the pod has read so far
   */
  onChecking(bytes: number): void;
  /** The pod has read a direct archive, and it is what it should be. @param digest of all archives of a chain as one */
  onChecked?(digest: Digest): void;
  /** Is called right before the first byte is written. An error that it throws ends the restore with an untouched volume. */
  beforeWrite(): Promise<void>;
  onPhase(phase: 'write' | 'compare'): void;
  onProgress(bytes: number): void;
  onWorking(): void;
  onRoute(route: Route): void;
}

/**
 * Unpacks an archive into a claim through a helper pod, and compares the volume with it afterwards. Restores and drills do it.
 * The archive's digest must have been checked before, unless it is direct.
 * @returns what was done and what the comparison found; see `verdictOnRestore`.
 * @throws StageError: `ClaimNotEmpty`, `SafetyBackupMissing`, `TargetTooSmall`, or what the helper and the unpacking say.
 */
export async function restoreIntoClaim(
  {
    runId,
    attempt,
    claim,
    place = ANYWHERE,
    mode,
    isSelection,
    mustBeEmpty = false,
    hasPushBroken = false,
    body: wanted,
    direct,
    notDirect,
    patterns,
  }: IntoClaim,
  world: IntoClaimWorld,
  hooks: IntoClaimHooks
): Promise<Unpacked> {
  const { signal, helper: use, beforeWrite, onPhase, onProgress, onWorking, onRoute } = hooks;
  return await withHelper(
    { ...world.cluster, readClaim: world.readClaim },
    {
      namespace: claim.namespace,
      claimUid: claim.uid,
      spec: {
        runId,
        attempt,
        installation: world.installation,
        claimName: claim.name,
        access: 'write',
        purpose: 'restore',
        settings: world.helperSettings,
        node: place.node,
        nodeTolerations: place.tolerations,
        deadlineMs: world.runTimeoutMs,
      },
      waitLimits: world.waitLimits,
    },
    { ...use, signal },
    async ({ helper }) => {
      const look = await lookAtVolume(helper, { signal });
      if (mustBeEmpty && !look.isEmpty) throw holdsFiles(claim);
      checkRoom(claim, mode, wanted, look);
      const answer = direct && (await checkedBy(helper, direct, patterns, world, hooks));
      const otherwise = answer && isOtherwise(answer) ? answer.otherwise : undefined;
      const body = direct && otherwise !== undefined ? await direct.instead() : wanted;
      await beforeWrite();
      const { encoding, expected, links } = body;
      const isKnown = expected.rawBytes !== undefined || links !== undefined;
      const request = {
        ...{ mode, encoding, expected, links, isSelection, patterns },
        ...(!isKnown && isEmptyMode(mode) && { maxRawBytes: look.freeBytes }),
      };
      const options = { signal, onProgress, onWorking, onPhase, onRoute };
      if (direct && answer && !isOtherwise(answer)) {
        const all = { ...request, expected: { ...expected, sha256: answer.sha256 } };
        return await unpackDirect(helper, all, direct.archives, answer, options).catch(error => {
          if (error instanceof StageError && error.reason === DIRECT_READ_BROKE)
            world.direct?.note(direct.archives.place, claim.namespace, textOf(error));
          throw error;
        });
      }
      const because = otherwise ?? notDirect;
      return await unpackInto(helper, request, await body.open(signal), {
        ...options,
        onRoute: route => onRoute(otherRoute(route, because)),
        push: world.push && hasPushBroken ? BROKE_BEFORE : world.push,
      });
    }
  );
}

/** Lets the pod read and compare a direct archive, and remembers when it could not. */
async function checkedBy(
  helper: Helper,
  { archives }: DirectBody,
  patterns: readonly string[] | undefined,
  { direct: doubts }: IntoClaimWorld,
  { signal, onChecking, onChecked }: IntoClaimHooks
): Promise<Digest | NotRead> {
  onChecking(0);
  const answer = await checkDirect(helper, archives, { signal, patterns, onBytes: onChecking });
  const { namespace } = helper;
  if (!isOtherwise(answer)) {
    doubts?.clear(archives.place, namespace);
    onChecked?.(answer);
  } else if (!answer.isDamaged) doubts?.note(archives.place, namespace, answer.otherwise);
  return answer;
}

/** @returns the route of an archive that the helper pod did not read at the storage. @param because why, where it could have */
const otherRoute = (route: Route, because: string | undefined): Route =>
  because === undefined
    ? route
    : {
        ...route,
        transportReason: `${route.transportReason}; not from the storage itself: ${because}`,
      };

const holdsFiles = ({ namespace, name }: ClaimId): StageError =>
  new StageError(
    'exec',
    'SafetyBackupMissing',
    `claim ${namespace}/${name} was not bound yet when it was to be backed up, and its volume holds files`,
    'nothing to do: NKVM tries again, and can back up the claim first, because it is bound now',
    'transient'
  );

const isEmptyMode = (mode: RestoreMode): boolean => mode === 'new' || mode === 'empty';

/**
 * Whether the archive fits, from what the helper sees. Where files are replaced, how much that frees is not known: the plan
 * has compared the need with the whole volume.
 * @throws StageError before anything is written
 */
function checkRoom(
  { namespace, name }: Pick<ClaimId, 'namespace' | 'name'>,
  mode: RestoreMode,
  { neededBytes, expected: { files } }: Pick<RestoreBody, 'neededBytes' | 'expected'>,
  { isEmpty, freeBytes, freeInodes }: Pick<VolumeLook, 'isEmpty' | 'freeBytes' | 'freeInodes'>
): void {
  if (!isEmptyMode(mode)) return;
  const refuse = (reason: string, message: string, hint: string): StageError =>
    new StageError('exec', reason, message, hint, 'needs-action');
  if (!isEmpty) {
    throw refuse(
      'ClaimNotEmpty',
      `claim ${namespace}/${name} is not empty`,
      'restore with mode overwrite or mirror, which change files that are there, or into a new claim'
    );
  }
  const bigger = mode === 'new' ? 'choose a bigger size' : 'restore into a bigger claim';
  if (neededBytes !== undefined && neededBytes > freeBytes) {
    throw refuse(
      'TargetTooSmall',
      `${sizeText(neededBytes)} are needed, the volume of claim ${namespace}/${name} has ${sizeText(
        freeBytes
      )} free`,
      bigger
    );
  }
  if (files !== undefined && freeInodes !== null && files > freeInodes) {
    throw refuse(
      'TargetTooSmall',
      `${files} inodes are needed, the volume of claim ${namespace}/${name} has ${freeInodes} free`,
      bigger
    );
  }
}
