import { START_ANNOTATION } from '../../../api/index.ts';
import type { Decision } from './decision.ts';
import type { PlaceAnswer } from './facts.ts';

/** How soon to look again at what can pass by itself; later looks come less often. */
export const WAIT_MS = 10_000;
/** The same where a person must decide. */
export const ASK_MS = 60_000;

export const nameOf = ({ namespace, name }: { namespace: string; name: string }): string =>
  `${namespace}/${name}`;

const DECIDES = {
  empty: `to start without the data, set annotation ${START_ANNOTATION}: empty`,
  other: `to end that, set annotation ${START_ANNOTATION} to the id of another backup, or to \`empty\``,
  newest: `to take the newest backup that is there, set annotation ${START_ANNOTATION}: newest; to start without data, \`empty\``,
  one: `set annotation ${START_ANNOTATION} to the id of one of them, or to \`empty\``,
};

/** @returns the part of a hint that says how a person decides. */
export const howToDecide = (how: keyof typeof DECIDES): string => DECIDES[how];

type Unlisted = Extract<PlaceAnswer, { problem: unknown }>;

/** @returns destinations whose archives are not known. */
export const unlistedOf = (places: readonly PlaceAnswer[]): Unlisted[] =>
  places.filter((place): place is Unlisted => 'problem' in place);

/** @param unlisted at least one */
export function notListed(
  claim: { namespace: string; name: string },
  unlisted: readonly Unlisted[]
): Decision {
  const [first] = unlisted;
  const others = unlisted.length > 1 ? `, and ${unlisted.length - 1} more` : '';
  return {
    ...{ kind: 'wait', retryMs: WAIT_MS },
    reason: 'BackupsNotListed',
    message: `backups of claim ${nameOf(claim)} are not known: destination ${
      first?.name ?? ''
    } could not be listed to its end${others}: ${first?.problem.message ?? ''}`,
    hint: `${first?.problem.hint ?? ''}; NKVM asks again by itself; ${howToDecide('empty')}`,
  };
}
