import type { AppendOnly, CheckSettings, DestinationCheck } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { checkAppendOnly } from './appendOnly.ts';
import { checkDestination } from './check.ts';
import type { CheckedPlace } from './openPlace.ts';
import type { WatchedPlaces } from './watchPlaces.ts';

/** Checks that people ask for. They do not depend on what is known of a destination, nor on its pause. */
export interface Checks {
  /** @returns undefined where there is no such destination. @throws the signal's reason */
  check(name: string, signal: AbortSignal): Promise<DestinationCheck | undefined>;
  checkSettings(asked: CheckSettings, signal: AbortSignal): Promise<DestinationCheck>;
  /** @returns undefined where there is no such destination. @throws StageError when its settings are not valid */
  checkAppendOnly(name: string, signal: AbortSignal): Promise<AppendOnly | undefined>;
  /** @returns what the last of these checks found; null: there was none since NKVM started */
  appendOnlyOf(name: string): AppendOnly | null;
}

export interface ChecksOptions {
  places: Pick<WatchedPlaces, 'checked' | 'checkedSettings'>;
  now(): Date;
  /** Each opens connections of its own. */
  limit?: number;
}

const APPEND_ONLY_MS = 60_000;

export function checksOf({ places, now, limit = 4 }: ChecksOptions): Checks {
  const found = new Map<string, AppendOnly>();
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
      if (!checked) return undefined;
      const { invalid, secrets, owner } = checked;
      return await using(checked, async () => {
        if (invalid) throw invalid;
        const both = AbortSignal.any([signal, AbortSignal.timeout(APPEND_ONLY_MS)]);
        const result = await checkAppendOnly(checked.open(), { secrets, owner, now, signal: both });
        found.set(name, result);
        return result;
      });
    },
    appendOnlyOf: name => found.get(name) ?? null,
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
