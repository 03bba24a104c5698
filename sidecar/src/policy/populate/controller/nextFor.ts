import type { PopulateChoice } from '../../../../api/index.ts';
import { START_ANNOTATION } from '../../../../api/index.ts';
import type { Claim } from '../../../cluster/inventory/inventory.ts';
import type { RunRecord } from '../../../history/history.ts';
import type { Candidate, Decision } from '../decision.ts';
import type { Shown } from './conditions.ts';
import type { PastFailure } from './pastRuns.ts';

/** The facts about one claim that waits for its first data. */
export interface ClaimNow {
  claim: Pick<Claim, 'storageClass' | 'waitsForFirstConsumer'>;
  /** The node that the scheduler has chosen; null: none yet. */
  node: string | null;
  decision: Decision;
  failures: readonly PastFailure[];
  now: Date;
}

export type Say = Omit<Shown, 'since'>;

/** The next action for a claim, and what to say about it. `lookMs`: how long until the next look. */
export type Next =
  | { do: 'nothing'; say: Say; lookMs: number }
  | { do: 'restore'; say: Say; decision: Decision & { kind: 'restore' } }
  | { do: 'start-empty'; say: Say; decision: Decision & { kind: 'empty' } };

/** A pod that appears, or a change of the claim, hurries the next look. */
const IDLE_MS = 60_000;

const NOTHING = { hint: null, backup: null, restore: null, retryAt: null };

/**
 * | the decision | and | next |
 * | --- | --- | --- |
 * | `wait` | | waits, and decides again |
 * | `ask`, `ignore` | | a person decides; it is looked at again all the same |
 * | `restore`, `empty` | the claim has no class | a person decides |
 * | `restore`, `empty` | the class waits for a pod, and none is scheduled | waits: the pod decides where the volume is |
 * | `restore` | it has failed, and its pause is not over | waits |
 * | `restore` | | restores |
 * | `empty` | | gives it an empty volume |
 */
export function nextFor({ claim, node, decision, failures, now }: ClaimNow): Next {
  switch (decision.kind) {
    case 'wait': {
      const { reason, message, hint, retryMs } = decision;
      const retryAt = new Date(now.getTime() + retryMs).toISOString();
      const say: Say = { ...NOTHING, state: 'waiting', reason, message, hint, retryAt };
      return { do: 'nothing', say, lookMs: retryMs };
    }
    case 'ask':
    case 'ignore': {
      const { reason, message, hint } = decision;
      const choices = decision.kind === 'ask' ? choicesOf(decision) : [];
      const say: Say = {
        ...{ ...NOTHING, state: 'needs-decision', reason, message, hint },
        ...(choices.length > 0 && { choices }),
      };
      return { do: 'nothing', say, lookMs: decision.kind === 'ask' ? decision.retryMs : IDLE_MS };
    }
    case 'restore': {
      const blocked = blockedBy(claim, node, decision.message);
      if (blocked) return blocked;
      const { source, backup } = decision.candidate;
      const failed = failures.find(each => each.backup === backup || each.backup === source);
      if (failed && Date.parse(failed.retryAt) > now.getTime()) return paused(failed, now);
      const say: Say = {
        ...{ ...NOTHING, backup, state: 'restoring', reason: 'Restoring' },
        message: decision.message,
      };
      return { do: 'restore', say, decision };
    }
    case 'empty': {
      const blocked = blockedBy(claim, node, decision.message);
      if (blocked) return blocked;
      const { message } = decision;
      const say: Say = { ...NOTHING, state: 'binding', reason: 'StartingEmpty', message };
      return { do: 'start-empty', say, decision };
    }
  }
}

/** A claim of a name that many clusters have. */
const MOST_CHOICES = 20;

const choicesOf = ({
  choices,
  others = [],
}: Extract<Decision, { kind: 'ask' }>): PopulateChoice[] => {
  const as =
    (allowed: boolean) =>
    ({ backup, createdAt, destination, cluster }: Candidate): PopulateChoice => ({
      ...{ backup, createdAt, destination, cluster, allowed },
    });
  return [...choices.map(as(true)), ...others.map(as(false))]
    .sort((one, other) => (one.createdAt < other.createdAt ? 1 : -1))
    .slice(0, MOST_CHOICES);
};

/** The failed attempt, and when the next one begins. */
function paused(failed: PastFailure, now: Date): Next {
  const { reason, message, hint, retryAt, backup, attempts } = failed;
  const say: Say = {
    ...{ ...NOTHING, state: 'waiting', reason, hint, backup, retryAt },
    message: `restore ${attempts} from backup ${backup} did not succeed: ${message}`,
  };
  return { do: 'nothing', say, lookMs: Math.max(1_000, Date.parse(retryAt) - now.getTime()) };
}

function blockedBy(
  { storageClass, waitsForFirstConsumer }: ClaimNow['claim'],
  node: string | null,
  intent: string
): Next | undefined {
  if (!storageClass) {
    const say: Say = {
      ...{ ...NOTHING, state: 'needs-decision', reason: 'NoStorageClass' },
      message: 'the claim has no StorageClass, so that no volume can be provisioned for it',
      hint: 'delete the claim and create it again with a StorageClass',
    };
    return { do: 'nothing', say, lookMs: IDLE_MS };
  }
  if (!waitsForFirstConsumer || node !== null) return undefined;
  const say: Say = {
    ...{ ...NOTHING, state: 'waiting', reason: 'WaitForFirstConsumer' },
    message: `the claim waits for its first pod, as its StorageClass wants; then: ${intent}`,
  };
  return { do: 'nothing', say, lookMs: IDLE_MS };
}

/** @returns what to say about a claim that has a volume which NKVM has not given to it. */
export const boundWithoutRestore = ({
  namespace,
  name,
  volumeName,
  storageClass,
}: Pick<Claim, 'namespace' | 'name' | 'volumeName' | 'storageClass'>): Say => ({
  ...{ ...NOTHING, state: 'needs-decision', reason: 'BoundWithoutRestore' },
  message: `claim ${namespace}/${name} was bound to volume ${volumeName}, which NKVM has not filled: the provisioner of class ${storageClass} ignores dataSourceRef, or the volume was there already; the claim is not backed up`,
  hint: `restore a backup into it where it lacks data, then set annotation ${START_ANNOTATION}: empty to accept its contents; claims of a class whose provisioner ignores dataSourceRef are not restored automatically`,
});

/** @returns what to say about a claim whose restore is under way. */
export function sayOfRun(run: RunRecord): Say {
  const details = run.details?.kind === 'restore' ? run.details : undefined;
  const backup = details?.populates?.backup ?? null;
  const about = { ...NOTHING, backup, restore: run.id, retryAt: run.retryAt };
  const { reason, message, hint } = run;
  if (run.status === 'queued' && run.retryAt !== null && reason !== null) {
    return { ...about, state: 'restoring', reason, message, hint };
  }
  if (run.stage === 'publish' || run.stage === 'cleanup') {
    return { ...about, state: 'binding', reason: 'Binding', message };
  }
  return {
    ...{ ...about, state: 'restoring', reason: 'Restoring' },
    message: `backup ${backup} is being restored into a volume for the claim`,
  };
}
