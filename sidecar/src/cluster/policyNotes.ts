import {
  ACCEPT_CHANGE_ANNOTATION,
  DRILL_ANNOTATION,
  HOLD_UNTIL_ANNOTATION,
  KEEP_ANNOTATION,
  RESTORED_FROM_ANNOTATION,
  SCHEDULE_ANNOTATION,
  START_ANNOTATION,
  STARTED_EMPTY_ANNOTATION,
  SUSPEND_ANNOTATION,
} from '../../api/index.ts';
import type { PolicyNotes } from './facts.ts';

const NAMES = [
  SCHEDULE_ANNOTATION,
  SUSPEND_ANNOTATION,
  KEEP_ANNOTATION,
  HOLD_UNTIL_ANNOTATION,
  DRILL_ANNOTATION,
  START_ANNOTATION,
  ACCEPT_CHANGE_ANNOTATION,
  RESTORED_FROM_ANNOTATION,
  STARTED_EMPTY_ANNOTATION,
];

/** @returns the annotations about schedules, retention and restores; undefined where there is none, which costs nothing. */
export function policyNotesOf(
  annotations: Readonly<Record<string, string>> | undefined
): PolicyNotes | undefined {
  if (!annotations) return undefined;
  const found = NAMES.flatMap(name => {
    const value = annotations[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
