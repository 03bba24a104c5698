import type { Readable } from 'node:stream';
import type { RestoreMode } from '../../api/index.ts';
import type { ReadClaim } from '../cluster/claims.ts';
import type { ClaimId } from '../cluster/claimWrites.ts';
import { StageError } from '../errors.ts';
import type { HelperCluster } from '../helper/helper.ts';
import type { VolumeLook } from '../helper/lookAtVolume.ts';
import { lookAtVolume } from '../helper/lookAtVolume.ts';
import { BROKE_BEFORE } from '../helper/push/invite.ts';
import type { PushListener } from '../helper/push/listener.ts';
import type { HelperSettings } from '../helper/settings/settings.ts';
import type { Route } from '../helper/transport.ts';
import type { LinkSize, Unpacked } from '../helper/unpack.ts';
import { unpackInto } from '../helper/unpack.ts';
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

/** An archive, checked, and the claim that it is unpacked into. */
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
  /** In the attempt before, a connection broke that the pod had opened. */
  hasPushBroken?: boolean;
  /** See `patternsOf`. */
  patterns?: readonly string[];
}

export interface IntoClaimWorld {
  cluster: HelperCluster;
  /** Where helpers may fetch archives; absent: nowhere. */
  push?: PushListener | undefined;
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
  /** Is called right before the first byte is written. An error that it throws ends the restore with an untouched volume. */
  beforeWrite(): Promise<void>;
  onPhase(phase: 'write' | 'compare'): void;
  onProgress(bytes: number): void;
  onWorking(): void;
  onRoute(route: Route): void;
}

/**
 * Unpacks an archive into a claim through a helper pod, and compares the volume with it afterwards. Restores and drills do it.
 * The archive's digest must have been checked before.
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
    body,
    patterns,
  }: IntoClaim,
  world: IntoClaimWorld,
  { signal, helper: use, beforeWrite, onPhase, onProgress, onWorking, onRoute }: IntoClaimHooks
): Promise<Unpacked> {
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
      checkRoom(claim, mode, body, look);
      await beforeWrite();
      const { encoding, expected, links } = body;
      const isKnown = expected.rawBytes !== undefined || links !== undefined;
      return await unpackInto(
        helper,
        {
          ...{ mode, encoding, expected, links, isSelection, patterns },
          ...(!isKnown && isEmptyMode(mode) && { maxRawBytes: look.freeBytes }),
        },
        await body.open(signal),
        {
          ...{ signal, onProgress, onWorking, onPhase, onRoute },
          push: world.push && hasPushBroken ? BROKE_BEFORE : world.push,
        }
      );
    }
  );
}

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
export function checkRoom(
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
