import type { ClaimFact, RunsAs } from '../watch/facts.ts';
import type { Claim } from './inventory.ts';
import type { OwnerIndex } from './owners.ts';
import { isFinished, startsOf } from './owners.ts';

/**
 * The ids of those who use a claim: of its pods, ordered by name, and else of pod templates, so that the ids of a stopped
 * workload are known, too. Several users of one claim cannot be one helper: the first that is not root counts, with the groups
 * of all.
 */
export function runsAsOf(claim: ClaimFact, index: OwnerIndex): Pick<Claim, 'runsAs'> {
  const all = startsOf(claim, index)
    .filter(start => !('phase' in start && isFinished(start)))
    .sort((a, b) => Number('claimTemplates' in a) - Number('claimTemplates' in b) || byName(a, b))
    .flatMap(({ runsAs }) => runsAs ?? []);
  if (all.length === 0) return {};
  const chosen: RunsAs = all.find(({ user = 0 }) => user !== 0) ?? { groups: [] };
  const groups = [...new Set(all.flatMap(each => [...each.groups]))];
  return { runsAs: { user: chosen.user, group: chosen.group, groups } };
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
