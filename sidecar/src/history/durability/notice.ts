import { textOf } from '../../errors.ts';
import type { LoadedHistory } from '../schema/loadHistory.ts';

/** Something that an operator should know, and need not act upon at once. */
export interface Notice {
  /** Stable, for programs. */
  reason:
    | 'HistorySetAside'
    | 'HistoryMissing'
    | 'JournalSetAside'
    | 'JournalIncomplete'
    | 'HistoryNotWritten'
    | 'CopyNotKept'
    | 'HistoryReadOnly'
    | 'HistoryWritable'
    | 'HistoryNotClosed';
  message: string;
  hint: string;
}

const MANIFESTS = 'runs that are missing are filled in from the manifests beside the archives';

/** Where files that cannot be used are now. */
export interface SetAside {
  file?: string;
  journal: string[];
}

/** @returns what an operator should know about how a history was found at `path`. */
export function noticesOfStart(
  path: string,
  { opened, replayed }: LoadedHistory,
  aside: SetAside
): Notice[] {
  const { from, fault } = opened;
  const notices: Notice[] = [];
  const instead =
    from === 'copy' ? `its copy ${opened.path} took its place` : 'the history starts empty';
  const more = replayed.records > 0 ? `, with ${replayed.records} changes from the journal` : '';
  if (fault !== undefined) {
    notices.push({
      reason: 'HistorySetAside',
      message: `history file ${path} is damaged or was not written by NKVM (${fault}); it was kept as ${
        aside.file ?? path
      }, and ${instead}${more}`,
      hint: `nothing to do: archives are not touched; ${MANIFESTS}`,
    });
  } else if (from === 'copy' || (from === 'nothing' && replayed.records > 0)) {
    notices.push({
      reason: 'HistoryMissing',
      message: `history file ${path} is missing; ${instead}${more}`,
      hint: `find out what deleted it; ${MANIFESTS}`,
    });
  }
  if (replayed.missing > 0) {
    notices.push({
      reason: 'JournalIncomplete',
      message: `journal of the history file ${path} lacks at least ${replayed.missing} changes; all others were applied`,
      hint: `check the disk that it is on; ${MANIFESTS}`,
    });
  }
  if (aside.journal.length > 0) {
    notices.push({
      reason: 'JournalSetAside',
      message: `journal of the history file ${path} is damaged or belongs to another history; kept as ${aside.journal.join(
        ', '
      )}`,
      hint: 'delete these files when you do not need them: NKVM does not read them',
    });
  }
  return notices;
}

export const notWritten = (path: string, error: unknown): Notice => ({
  reason: 'HistoryNotWritten',
  message: `history file ${path} cannot be brought up to date: ${textOf(
    error
  )}; changes are safe in its journal`,
  hint: 'make room on its disk for a second copy of the file; NKVM keeps trying',
});

export const copyNotKept = (path: string, error: unknown): Notice => ({
  reason: 'CopyNotKept',
  message: `history file ${path} has no new copy beside it: ${textOf(error)}`,
  hint: 'make room on its disk; NKVM tries again with the next change',
});

export const readOnly = (path: string, problem: Error): Notice => ({
  reason: 'HistoryReadOnly',
  message: `history file ${path} cannot be written: ${problem.message}; it can still be read`,
  hint: 'make room on its disk; NKVM keeps trying, and continues by itself',
});

export const writableAgain = (path: string): Notice => ({
  reason: 'HistoryWritable',
  message: `history file ${path} can be written again`,
  hint: 'nothing to do',
});

export const notClosed = (path: string, error: unknown): Notice => ({
  reason: 'HistoryNotClosed',
  message: `history file ${path} was not closed cleanly: ${textOf(
    error
  )}; every acknowledged change is on disk`,
  hint: 'nothing to do: the next start reads the journal',
});
