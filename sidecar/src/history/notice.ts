import { textOf } from '../errors.ts';
import type { OpenedDatabase } from './openDatabase.ts';
import type { Replayed } from './replay.ts';

/** Something that whoever runs the service should know, and need not act upon at once. */
export interface Notice {
  /** Stable, for programs. */
  reason:
    | 'HistorySetAside'
    | 'HistoryMissing'
    | 'JournalSetAside'
    | 'JournalIncomplete'
    | 'HistoryNotWritten'
    | 'CopyNotKept';
  message: string;
  hint: string;
}

const MANIFESTS = 'runs that are missing are filled in from the manifests beside the archives';

/** @returns what is to be said of how a history was found at `path`. */
export function noticesOfStart(
  path: string,
  opened: OpenedDatabase,
  replayed: Replayed,
  journalAside: readonly string[]
): Notice[] {
  const { from, aside } = opened;
  const notices: Notice[] = [];
  const instead =
    from === 'copy' ? `its copy ${opened.path} took its place` : 'the history begins anew';
  const more = replayed.records > 0 ? `, with ${replayed.records} changes from the journal` : '';
  if (aside) {
    notices.push({
      reason: 'HistorySetAside',
      message: `history file ${path} is damaged or not ours (${aside.fault}); it was kept as ${aside.path}, and ${instead}${more}`,
      hint: `archives are not touched; ${MANIFESTS}`,
    });
  } else if (from === 'copy' || (from === 'nothing' && replayed.records > 0)) {
    notices.push({
      reason: 'HistoryMissing',
      message: `history file ${path} is missing; ${instead}${more}`,
      hint: `find out who took it away; ${MANIFESTS}`,
    });
  }
  if (replayed.missing > 0) {
    notices.push({
      reason: 'JournalIncomplete',
      message: `journal of the history file ${path} lacks at least ${replayed.missing} changes; all others were taken over`,
      hint: `look at the disk that it lies on; ${MANIFESTS}`,
    });
  }
  if (journalAside.length > 0) {
    notices.push({
      reason: 'JournalSetAside',
      message: `journal of the history file ${path} is damaged or belongs to another history; kept as ${journalAside.join(
        ', '
      )}`,
      hint: 'nothing reads these files; delete them when you do not need them',
    });
  }
  return notices;
}

export const notWritten = (path: string, error: unknown): Notice => ({
  reason: 'HistoryNotWritten',
  message: `history file ${path} cannot be brought up to date: ${textOf(
    error
  )}; what changes is safe in its journal`,
  hint: 'make room on its disk for the file a second time; NKVM goes on trying',
});

export const copyNotKept = (path: string, error: unknown): Notice => ({
  reason: 'CopyNotKept',
  message: `history file ${path} has no new copy beside it: ${textOf(error)}`,
  hint: 'make room on its disk; NKVM tries again with the next change',
});
