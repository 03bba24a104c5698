import type { Candidate, Decision, PassedOver } from './decision.ts';
import type { ContinuedFact, ExpectedBackup, FoundArchive, PopulateFacts } from './facts.ts';
import { ASK_MS, howToDecide, nameOf, notListed, unlistedOf, WAIT_MS } from './words.ts';

/** Every destination was asked, and there is no good backup of this cluster or of one that it continues. */
export function noneGood(
  archives: readonly FoundArchive[],
  passedOver: readonly PassedOver[],
  facts: PopulateFacts
): Decision {
  const { claim, places, continues } = facts;
  const unlisted = unlistedOf(places);
  if (unlisted.length > 0) return notListed(claim, unlisted);
  const ask = { kind: 'ask', retryMs: ASK_MS, choices: [] } as const;
  const unproven = archives.filter(
    ({ cluster, state }) => cluster !== 'other' && state.is === 'unproven'
  );
  const [bad] = passedOver;
  if (bad)
    return {
      ...{ ...ask, reason: 'NoGoodBackup' },
      message: `claim ${nameOf(claim)} has ${
        passedOver.length
      } backups, and none of them is good: ${bad.backup}: ${bad.why}`,
      hint: `check the destinations; ${howToDecide('empty')}`,
    };
  const [first] = unproven;
  if (first)
    return {
      ...{ ...ask, reason: 'NoGoodBackup' },
      message: `claim ${nameOf(claim)} has ${unproven.length} archives without a manifest, e.g. ${
        first.key
      } at ${first.destination}, which were never proven`,
      hint: `put back the manifest, if there was one; ${howToDecide('empty')}`,
    };
  const unseen = (Array.isArray(continues) ? (continues as readonly ContinuedFact[]) : []).filter(
    ({ isSeen }) => !isSeen
  );
  if (unseen.length > 0)
    return {
      ...{ kind: 'wait', retryMs: WAIT_MS, reason: 'ContinuedClusterNotSeen' },
      message: `this cluster continues ${unseen
        .map(({ name }) => name)
        .join(', ')}, and no destination has an archive of it: ${places
        .map(({ name }) => name)
        .join(', ')}`,
      hint: `configure the destination that has them, or correct NKVM_CONTINUES; ${howToDecide(
        'empty'
      )}`,
    };
  const others = archives.filter(({ cluster }) => cluster === 'other');
  if (others.length > 0 && continues !== 'none') return ofOthers(others, facts);
  return {
    kind: 'empty',
    startedEmpty: 'none-found',
    message: `claim ${nameOf(claim)} starts empty: ${
      places.length === 1
        ? `destination ${places[0]?.name ?? ''} has`
        : `destinations ${places.map(({ name }) => name).join(', ')} have`
    } no backup of it`,
  };
}

function ofOthers(others: readonly FoundArchive[], { claim }: PopulateFacts): Decision {
  const candidates = others.flatMap(({ state }) => ('candidate' in state ? [state.candidate] : []));
  const identified = candidates.filter(({ clusterUid }) => clusterUid !== '');
  const names = [...new Set(identified.map(({ cluster }) => cluster))].join(', ');
  return {
    ...{ kind: 'ask', retryMs: ASK_MS, choices: [], reason: 'BackupOfAnotherCluster' },
    others: candidates,
    message: `claim ${nameOf(claim)} has no backup of this cluster, and ${
      new Set(others.map(({ backup }) => backup)).size
    } of another one${names && `: ${names}`}`,
    // Without its UID: people who see the claim read this. The log of NKVM has it.
    hint: names
      ? `if this cluster continues that one, an administrator sets NKVM_CONTINUES to the value in the log of NKVM, else to none; ${howToDecide(
          'empty'
        )}`
      : `set NKVM_CONTINUES=none if they are not of this cluster, or restore one of them into another claim; ${howToDecide(
          'empty'
        )}`,
  };
}

/** @param older the newest that is there */
export const missingBackup = (
  { backup, createdAt, destinations }: ExpectedBackup,
  older: Candidate | undefined,
  { claim, places }: PopulateFacts
): Decision => {
  const gone = destinations.filter(name => !places.some(place => place.name === name));
  return {
    ...{ kind: 'ask', retryMs: ASK_MS, choices: older ? [older] : [], reason: 'BackupNotThere' },
    message:
      gone.length > 0
        ? `newest backup ${backup} of claim ${nameOf(claim)}, of ${createdAt}, is at ${gone.join(
            ', '
          )}, which is not configured any more`
        : `newest backup ${backup} of claim ${nameOf(
            claim
          )}, of ${createdAt}, is known to be at ${destinations.join(
            ', '
          )}, and is not there any more`,
    hint: `check that the destination is the right one, e.g. that its disk is mounted; ${howToDecide(
      'newest'
    )}`,
  };
};

export const historyNotReady = ({ claim }: PopulateFacts): Decision => ({
  ...{ kind: 'wait', retryMs: WAIT_MS, reason: 'HistoryNotReady' },
  message: `backups of claim ${nameOf(
    claim
  )} are not known yet: NKVM is comparing its history with the destination`,
  hint: 'wait; the log says how far it is',
});

export const noDestination = ({ claim }: PopulateFacts): Decision => ({
  ...{ kind: 'wait', retryMs: WAIT_MS, reason: 'NoDestination' },
  message: `backups of claim ${nameOf(claim)} are not known: no destination is configured`,
  hint: `configure the destination that has them; ${howToDecide('empty')}`,
});
