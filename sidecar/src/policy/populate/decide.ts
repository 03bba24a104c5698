import { START_ANNOTATION } from '../../../api/index.ts';
import { unselected } from '../../backup/request/obstacle.ts';
import { asksForRestore } from '../../cluster/writes/firstRestore.ts';
import { sizeText } from '../../restore/plan/planSpace.ts';
import { startWishOf } from '../wish/startWish.ts';
import { isKnownBad } from './badArchive.ts';
import { newestOf } from './chooseNewest.ts';
import type { Candidate, Decision, PassedOver } from './decision.ts';
import type { FoundArchive, PopulateFacts } from './facts.ts';
import { historyNotReady, noDestination } from './noneGood.ts';
import { ASK_MS, howToDecide, nameOf, notListed, unlistedOf, WAIT_MS } from './words.ts';

/**
 * Decides about a claim that is to get its data back when it is made. "It could not be determined" is never taken for
 * "there is none": an empty volume needs the word of every destination, or of a person.
 *
 * | facts | decision |
 * | --- | --- |
 * | it asks for no restore, is bound, or is being deleted | `ignore` |
 * | NKVM_NAMESPACE_SELECTOR does not let NKVM use its namespace | `ask`, whatever `nkvm.io/start` says |
 * | `nkvm.io/start` is not valid, or names a backup that is not one of this claim | `ask` |
 * | `nkvm.io/start: empty` | `empty` |
 * | it names a backup that can be restored | `restore` that one |
 * | a good backup, every destination has answered | `restore` the newest good one |
 * | a good backup, some have not answered, and by the history none is newer | `restore` it |
 * | some have not answered | `wait` |
 * | the newest was made before a restore, and there is another one | `ask`: that restore was to replace its data |
 * | the newest is locked, or is known and not found, or two clusters have one | `ask` |
 * | the volume would be too small, or is a block device | `ask` |
 * | there are archives, and none of them is good, or all are of another cluster | `ask` |
 * | every destination says that there is none | `empty` |
 */
export function decide(facts: PopulateFacts): Decision {
  const { claim } = facts;
  const refused = notOurs(facts) ?? notSelected(facts);
  if (refused) return refused;
  const wish = startWishOf(claim.policyNotes?.[START_ANNOTATION]);
  switch (wish.kind) {
    case 'invalid':
      return {
        ...{ kind: 'ask', retryMs: ASK_MS, choices: [] },
        reason: 'StartInvalid',
        message: `annotation ${START_ANNOTATION} of claim ${nameOf(claim)} is "${
          wish.value
        }", which is not valid`,
        hint: 'set it to `empty`, `newest` or the id of a backup, or delete it',
      };
    case 'empty':
      return {
        kind: 'empty',
        startedEmpty: 'decided',
        message: `claim ${nameOf(
          claim
        )} starts empty, because its annotation ${START_ANNOTATION} says so`,
      };
    case 'backup':
      return notAsked(facts) ?? named(wish.id, facts);
    case 'newest':
    case 'usual': {
      const blind = notAsked(facts);
      if (blind) return blind;
      const newest = newestOf(facts, { accepts: wish.kind === 'newest' });
      if (newest.kind !== 'found') return newest;
      const other = wish.kind === 'usual' ? besidesSafety(newest.candidate, facts) : undefined;
      if (other) return safetyIsNewest(newest.candidate, other, facts);
      return restore(newest.candidate, newest.passedOver, facts, newest.note);
    }
  }
}

/** The volume is filled in a namespace of NKVM's own, which needs no label: the claim's own namespace does. */
function notSelected({ claim, isSelected = true }: PopulateFacts): Decision | undefined {
  const { namespace } = claim;
  switch (isSelected) {
    case true:
      return undefined;
    case 'unknown':
      return {
        ...{ kind: 'wait', retryMs: WAIT_MS, reason: 'NamespaceNotChecked' },
        message: `labels of namespace ${namespace} do not match NKVM_NAMESPACE_SELECTOR, and the API server did not say whether NKVM was allowed to use it by itself`,
        hint: 'nothing to do: NKVM asks again',
      };
    case false: {
      const { reason, message, hint } = unselected(namespace);
      return {
        ...{ kind: 'ask', retryMs: ASK_MS, choices: [], reason },
        message: `claim ${nameOf(claim)} is not restored: ${message}`,
        hint: `${hint}; for a volume without its data, delete the claim, and apply it without the label of NKVM`,
      };
    }
  }
}

/** @returns undefined where there are answers to judge. */
const notAsked = (facts: PopulateFacts): Decision | undefined => {
  if (!facts.isHistoryReady) return historyNotReady(facts);
  return facts.places.length === 0 ? noDestination(facts) : undefined;
};

/** @returns undefined for a claim that waits for NKVM. */
function notOurs({ claim, namespace }: PopulateFacts): Decision | undefined {
  const { dataSource } = claim;
  if (!asksForRestore(claim))
    return {
      kind: 'ignore',
      reason: 'RestoreNotAsked',
      message: `claim ${nameOf(claim)} does not ask NKVM for its data`,
      hint: 'nothing to do',
    };
  if (claim.phase !== 'Pending')
    return {
      kind: 'ignore',
      reason: 'ClaimHasVolume',
      message: `claim ${nameOf(claim)} has a volume already`,
      hint: 'nothing to do; to get data back into it, restore a backup into it',
    };
  if (claim.terminating || namespace === 'terminating')
    return {
      kind: 'ignore',
      reason: 'ClaimTerminating',
      message: claim.terminating
        ? `claim ${nameOf(claim)} is being deleted`
        : `namespace ${claim.namespace} is being deleted`,
      hint: 'nothing to do; when it is applied again, it is restored',
    };
  // Otherwise a claim could get the data of another one.
  if (
    dataSource?.name === claim.name &&
    (dataSource.namespace ?? claim.namespace) === claim.namespace
  )
    return undefined;
  const of = dataSource?.namespace ? `${dataSource.namespace}/` : '';
  return {
    ...{ kind: 'ask', retryMs: ASK_MS, choices: [] },
    reason: 'SourceOfAnotherName',
    message: `claim ${nameOf(claim)} names BackupRestore ${of}${
      dataSource?.name ?? ''
    } as its source; only its own name is allowed`,
    hint: `delete the claim, and apply it without spec.dataSourceRef; to restore data of another claim, use a restore`,
  };
}

/** @returns the newest of the other backups, where the newest one was made before a restore. */
function besidesSafety(newest: Candidate, { places }: PopulateFacts): Candidate | undefined {
  if (!newest.isSafety) return undefined;
  const [other] = places
    .flatMap(place => ('archives' in place ? place.archives : []))
    .flatMap(({ cluster, state }) =>
      cluster !== 'other' && 'candidate' in state && !state.candidate.isSafety
        ? [state.candidate]
        : []
    )
    .sort((one, two) => (one.createdAt < two.createdAt ? 1 : -1));
  return other;
}

const safetyIsNewest = (
  safety: Candidate,
  other: Candidate,
  { claim }: PopulateFacts
): Decision => ({
  ...{ kind: 'ask', retryMs: ASK_MS, choices: [safety, other], reason: 'SafetyBackupNewest' },
  message: `newest backup ${safety.backup} of claim ${nameOf(claim)}, of ${
    safety.createdAt
  }, was made before a restore that replaced its data, and there is no backup since; the one before is ${
    other.backup
  } of ${other.createdAt}`,
  hint: howToDecide('one'),
});

/** A person has named a backup: of its copies, the first that can be restored. */
function named(id: string, facts: PopulateFacts): Decision {
  const { claim } = facts;
  const copies = facts.places
    .flatMap(place => ('archives' in place ? place.archives : []))
    .filter(({ backup }) => backup === id);
  const ours = copies.filter(({ cluster }) => cluster !== 'other');
  const ask = (reason: string, message: string, hint: string): Decision => ({
    ...{ kind: 'ask', retryMs: ASK_MS, choices: [], reason, message, hint },
  });
  const good = ours.find(copy => copy.state.is === 'good' && !isKnownBad(copy, facts.failed));
  if (good?.state.is === 'good') return restore(good.state.candidate, [], facts);
  const locked = ours.find(({ state }) => state.is === 'locked');
  if (locked?.state.is === 'locked')
    return {
      ...{ kind: 'ask', retryMs: ASK_MS, choices: [locked.state.candidate] },
      reason: 'ArchiveLocked',
      message: locked.state.why,
      hint: locked.state.hint,
    };
  const unlooked = copies.find(({ state }) => state.is === 'unlooked');
  const unlisted = unlistedOf(facts.places);
  if (unlooked?.state.is === 'unlooked')
    return {
      ...{ kind: 'wait', retryMs: WAIT_MS },
      reason: 'BackupsNotListed',
      message: unlooked.state.why,
      hint: unlooked.state.hint,
    };
  if (unlisted.length > 0) return notListed(claim, unlisted);
  if (copies.some(({ cluster }) => cluster === 'other'))
    return ask(
      'BackupOfAnotherCluster',
      `backup ${id} is one of another cluster, which this cluster does not continue`,
      'set NKVM_CONTINUES to that cluster; see docs/operations/cluster-rebuild.md'
    );
  const [copy] = copies;
  return copy
    ? ask(
        'StartNotUsable',
        `backup ${id}, which annotation ${START_ANNOTATION} of claim ${nameOf(
          claim
        )} names, cannot be restored: ${whyNot(copy, facts)}`,
        'name another backup, or set the annotation to `newest` or `empty`'
      )
    : // The same for a backup of another claim: a person who may not see that one must not learn that it exists.
      ask(
        'StartNotFound',
        `no destination has a backup ${id} of claim ${nameOf(
          claim
        )}, which its annotation ${START_ANNOTATION} names`,
        'name a backup of this claim, or set the annotation to `newest` or `empty`; to restore data of another claim, use a restore'
      );
}

const whyNot = (copy: FoundArchive, { failed }: PopulateFacts): string =>
  'why' in copy.state
    ? copy.state.why
    : isKnownBad(copy, failed)?.why ?? 'it has no manifest, so that it was never proven';

/** The last look: whether the claim can take it, and when it is tried again after an attempt that has failed. */
function restore(
  candidate: Candidate,
  passedOver: readonly PassedOver[],
  { claim, failed, now }: PopulateFacts,
  note = ''
): Decision {
  const which = `backup ${candidate.backup} of ${candidate.createdAt} at ${candidate.destination}`;
  if (claim.volumeMode === 'Block')
    return {
      ...{ kind: 'ask', retryMs: ASK_MS, choices: [candidate] },
      reason: 'BlockVolume',
      message: `claim ${nameOf(claim)} is a raw block device, and ${which} has files`,
      hint: `apply the claim with volumeMode: Filesystem, or ${howToDecide('empty')}`,
    };
  const { neededBytes } = candidate;
  if (neededBytes !== null && claim.requestedBytes !== null && neededBytes > claim.requestedBytes)
    return {
      ...{ kind: 'ask', retryMs: ASK_MS, choices: [candidate] },
      reason: 'TargetTooSmall',
      message: `${sizeText(neededBytes)} are needed for ${which}, claim ${nameOf(
        claim
      )} asks for ${sizeText(claim.requestedBytes)}`,
      hint: 'delete the claim, and apply it with a bigger request; the size of a claim that is not bound cannot be changed',
    };
  const before = failed.find(({ backup }) => isSame(backup, candidate));
  const retryAt = before ? Date.parse(before.at) + pauseMs(before.attempts) : 0;
  if (before && retryAt > now.getTime())
    return {
      ...{ kind: 'wait', retryMs: retryAt - now.getTime() },
      reason: 'FirstRestoreFailed',
      message: `restore of ${which} has failed ${before.attempts} times: ${before.message}`,
      hint: `NKVM tries again at ${new Date(
        retryAt
      ).toISOString()}, with any number of attempts; ${howToDecide('other')}`,
    };
  return {
    ...{ kind: 'restore', candidate, passedOver },
    message: [
      `${which} is restored`,
      ...passedOver.map(({ backup, why }) => `newer backup ${backup} is not: ${why}`),
      ...(note ? [note] : []),
    ].join('; '),
  };
}

const isSame = (backup: string, candidate: Candidate): boolean =>
  backup === candidate.backup || backup === candidate.source;

const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 600_000;

/** 15 s after the first attempt, then twice as long each time, 10 minutes at most: for ever. */
const pauseMs = (attempts: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, Math.min(attempts - 1, 20)));
