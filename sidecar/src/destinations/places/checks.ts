import type { AppendOnly, CheckSettings, DestinationCheck } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { checkAppendOnly } from './appendOnly.ts';
import { checkDestination } from './check.ts';
import type { CheckResults } from './checkResults.ts';
import type { CheckedPlace } from './openPlace.ts';
import type { WatchedPlaces } from './watchPlaces.ts';

/** Checks that people ask for. They do not depend on what is known of a destination, nor on its pause. */
export interface Checks {
  /** @returns undefined where there is no such destination. @throws the signal's reason */
  check(name: string, signal: AbortSignal): Promise<DestinationCheck | undefined>;
  checkSettings(asked: CheckSettings, signal: AbortSignal): Promise<DestinationCheck>;
  /** @returns undefined where there is no such destination. @throws StageError when its settings are not valid */
  checkAppendOnly(name: string, signal: AbortSignal): Promise<AppendOnly | undefined>;
  /** @returns what the last of these checks found; null: there was none of the present location */
  appendOnlyOf(name: string): AppendOnly | null;
}

export interface ChecksOptions {
  places: Pick<WatchedPlaces, 'get' | 'checked' | 'checkedSettings'>;
  results: CheckResults;
  now(): Date;
  /** Each opens connections of its own. */
  limit?: number;
}

const APPEND_ONLY_MS = 60_000;

export function checksOf({ places, results, now, limit = 4 }: ChecksOptions): Checks {
  let underWay = 0;

  const using = async <T>(checked: CheckedPlace, run: () => Promise<T>): Promise<T> => {
    if (underWay >= limit) throw tooMany(limit);
    underWay += 1;
    try {
      return await run();
    } finally {
      underWay -= 1;
      await checked.close().catch(() => undefined); // it was opened for the check alone
    }
  };
  const check = (checked: CheckedPlace, signal: AbortSignal) =>
    using(checked, async () => {
      const result = await checkDestination(checked, { now, signal });
      if (result.passed) checked.works();
      return result;
    });
  return {
    async check(name, signal) {
      const checked = places.checked(name);
      return checked && (await check(checked, signal));
    },
    checkSettings: (asked, signal) => check(places.checkedSettings(asked), signal),
    async checkAppendOnly(name, signal) {
      const checked = places.checked(name);
      const location = places.get(name)?.location;
      if (!checked || location === undefined) return undefined;
      const { invalid, secrets, owner } = checked;
      return await using(checked, async () => {
        if (invalid) throw invalid;
        const both = AbortSignal.any([signal, AbortSignal.timeout(APPEND_ONLY_MS)]);
        const result = await checkAppendOnly(checked.open(), { secrets, owner, now, signal: both });
        await results.set(name, location, result);
        return result;
      });
    },
    appendOnlyOf(name) {
      const location = places.get(name)?.location;
      return location === undefined ? null : results.get(name, location);
    },
  };
}

const tooMany = (limit: number): StageError =>
  new StageError(
    'queue',
    'TooManyChecks',
    `${limit} checks of destinations are under way`,
    'wait until one of them has ended',
    'transient'
  );
