import {
  ACCEPT_CHANGE_ANNOTATION,
  DRILL_ANNOTATION,
  FILLED_FOR_ANNOTATION,
  HOLD_UNTIL_ANNOTATION,
  INCREMENTAL_ANNOTATION,
  KEEP_ANNOTATION,
  RESTORED_FROM_ANNOTATION,
  SCHEDULE_ANNOTATION,
  START_ANNOTATION,
  STARTED_EMPTY_ANNOTATION,
  SUSPEND_ANNOTATION,
} from '../../../api/index.ts';
import type { PolicyNotes } from '../watch/facts.ts';

const NAMES = [
  SCHEDULE_ANNOTATION,
  SUSPEND_ANNOTATION,
  KEEP_ANNOTATION,
  HOLD_UNTIL_ANNOTATION,
  DRILL_ANNOTATION,
  INCREMENTAL_ANNOTATION,
  START_ANNOTATION,
  ACCEPT_CHANGE_ANNOTATION,
  RESTORED_FROM_ANNOTATION,
  STARTED_EMPTY_ANNOTATION,
  FILLED_FOR_ANNOTATION,
];

/** @returns the annotations about schedules, retention and restores; undefined where there is none, which costs nothing. */
export function policyNotesOf(
  annotations: Readonly<Record<string, string>> | undefined
): PolicyNotes | undefined {
  return notesOf(annotations, NAMES);
}

/** Annotations that say what the backups of a claim leave out; see `helper/leaveOut.ts`. */
const LEAVE_OUT_NAMES = ['exclude', 'include-mounts', 'include-reserved', 'include-archives'].map(
  name => `nkvm.io/${name}`
);

/** @returns these annotations; undefined where there is none, which costs nothing. */
export const leaveOutNotesOf = (
  annotations: Readonly<Record<string, string>> | undefined
): PolicyNotes | undefined => notesOf(annotations, LEAVE_OUT_NAMES);

function notesOf(
  annotations: Readonly<Record<string, string>> | undefined,
  names: readonly string[]
): PolicyNotes | undefined {
  if (!annotations) return undefined;
  const found = names.flatMap(name => {
    const value = annotations[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
