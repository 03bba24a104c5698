import type { Backup, Copy } from '../../api/index.ts';
import type { ChainChoice } from '../archive/chain/chooseBase.ts';
import type { Lane } from '../cluster/gateway/lane.ts';
import type { ReadClaim } from '../cluster/inventory/claims.ts';
import type { Claim } from '../cluster/inventory/inventory.ts';
import type { Destination } from '../destinations/destination.ts';
import type { Places } from '../destinations/places.ts';
import type { DirectDoubts } from '../helper/direct/doubts.ts';
import type { HelperCluster } from '../helper/helper.ts';
import type { PodSeal } from '../helper/seal.ts';
import type { ReadsAsUser } from '../helper/settings/readsAs.ts';
import type { HelperSettings } from '../helper/settings/settings.ts';
import type { Route, Transport } from '../helper/transport.ts';
import type { WaitLimits } from '../helper/wait/waitLimits.ts';
import type { RunChange } from '../history/history.ts';
import type { Identity } from '../identity.ts';
import type { HelperRecord } from '../jobs/helperHooks.ts';
import type { StageClock } from '../jobs/stageClock.ts';
import type { Held } from './breakOff.ts';
import type { FanOutOptions } from './copies/fanOut.ts';
import type { AttemptCost, OutageCosts } from './copies/outageCosts.ts';
import type { OpenTarget, RoomOf } from './copies/targets.ts';
import type { ProofPlan } from './proofLevel.ts';

/** The dependencies of a run. */
export interface RunWorld {
  cluster: HelperCluster;
  readClaim: ReadClaim;
  /** @returns the claim as it is now, for free; absent: nobody looks whether a pod needs it. */
  claimNow?(namespace: string, name: string): Claim | undefined;
  places: Places;
  /** Asked for each destination before anything is written there; by default there is room. */
  roomOf?: RoomOf;
  /** By default through the API server. */
  transport?: Transport;
  /** The facts that are known of uploads from helper pods to the storage. Absent: there are none. */
  direct?: DirectDoubts | undefined;
  /** Why the archive does not go to the storage directly, although it could; the end of a sentence. */
  notDirect?: string;
  /** UIDs of claims whose file system says of data that it uses no block: there, tar does not search for holes. */
  withoutBlocks?: Set<string>;
  clusterName: string;
  identity: Identity;
  helperSettings: HelperSettings;
  /** @returns the user that the helper reads as, where that is not root; see `readsAs`. Absent: root. */
  readsAs?(claim: Claim): ReadsAsUser | null;
  waitLimits: WaitLimits;
  runTimeoutMs: number;
  /** See `stageLimits`. */
  stallMs?: number;
  /** Version of NKVM, for the manifest. */
  version: string;
  now(): Date;
  /** @returns what `verdict` must know of the claim's backup before; see `entriesBefore`. */
  entriesBefore(run: Backup): number | undefined;
  /**
   * Decides whether a backup is an increment; see `chooseBase`. Absent: each is a full archive that none builds on.
   * @param patterns of the claim that are left out
   */
  chooseBase?(
    run: Backup,
    targets: readonly OpenTarget[],
    patterns: readonly string[]
  ): ChainChoice;
  /** Where proofs that unpack wait for each other. */
  unpacking: Lane;
  /** @returns how the archive is proven at each of these destinations; see `proofPlansFor`. */
  proofPlans(run: Backup, destinations: readonly Destination[]): ProofPlan[];
  /** By default each failed attempt counts. */
  outageCosts?: OutageCosts;
  /** How patient the destinations are with each other. */
  fanOut?: Pick<FanOutOptions, 'bufferBytes' | 'windowMs' | 'leastBytes' | 'every'>;
}

/** One attempt under way: its run, and what is known so far. */
export interface Attempt extends HelperRecord {
  run: Backup;
  claim: Claim;
  world: RunWorld;
  clock: StageClock;
  /** Ends the attempt, for whatever reason. */
  signal: AbortSignal;
  /** @returns why the attempt ends, where something breaks because it ends. */
  because(error: unknown): unknown;
  report(change: RunChange): void;
  /** Files to delete at each destination if the attempt fails. */
  held: { destination: Destination; held: Held }[];
  /** Steps for the time when its helpers are gone. They never reject. */
  onceGone: (() => Promise<void>)[];
  /** Copies that could not even begin. */
  closed: Copy[];
  /** Undefined until the destinations are known. */
  cost?: AttemptCost | undefined;
  sealed?: PodSeal | undefined;
  /** Whom the helper of this attempt reads as, where that is not root. */
  reads: ReadsAsUser | null;
  /** Entries that it cannot read: how many, and messages on the first of them. */
  unreadable?: { count: number; messages: string[] };
  route?: Route | undefined;
  /** A direct upload has failed, and another way may work. */
  isOfDirect?: boolean;
}

/** A destination that the archive goes to. */
export interface CopyPlan {
  target: OpenTarget;
  /** Name of the archive there. */
  key: string;
  proof: ProofPlan;
  held: Held;
}
