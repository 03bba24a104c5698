import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { nameLocked } from '../common/nameLock.ts';
import { archiveMissing, nameTaken, temporaryGone } from '../common/refusals.ts';
import { EXIT } from './scpScripts.ts';
import { directoryMissing, full, readOnly, writeRefused } from './sftpErrors.ts';
import type { Said } from './shell.ts';

export interface Failed {
  stage: Stage;
  place: string;
  directory: string;
  key: string;
  /** The archive, for people. */
  path: string;
  storedBytes?: number | undefined;
}

/** @returns what a script says that has done its work; undefined: it has not. */
export function resultOf({ code, stdout }: Said): string | undefined {
  if (code !== 0) return undefined;
  return /^nkvm:(.*)\n$/m.exec(stdout.slice(stdout.lastIndexOf('nkvm:')))?.[1];
}

/** @returns what a command that failed means for the person whose backup it was. */
export function scpError(said: Said, failed: Failed): StageError {
  const { stage, place, directory, key, path, storedBytes } = failed;
  const about = key === '' ? '' : `; it was about ${key}`;
  const text = said.stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  const cause = { cause: new Error(`exit code ${said.code}: ${text}`) };
  switch (said.code) {
    case EXIT.noDirectory:
      return directoryMissing(stage, place, directory, cause);
    case EXIT.taken:
      return nameTaken(path);
    case EXIT.locked:
      return nameLocked(path, 'a lock file (.tmp-nkvm-…)');
    case EXIT.gone:
      return temporaryGone(path, cause);
    case EXIT.missing:
      return archiveMissing(path, cause);
  }
  if (/No space left|quota/i.test(text)) return full(stage, place, key, undefined, cause);
  if (/Permission denied|Operation not permitted|Read-only file system/i.test(text))
    return readOnly(stage, place, about, cause);
  if (/File too large|limit exceeded/i.test(text) || said.code === 153)
    return writeRefused(stage, place, key, { storedBytes: storedBytes ?? 0, error: cause.cause });
  // Programs of a shell say why they fail. A server that runs SFTP or a menu instead says nothing, or finds no `sh`.
  const isSilent = said.code !== null && text === '';
  if (said.code === 0 || said.code === 127 || isSilent || /allows sftp/i.test(said.stdout))
    return shellMissing(stage, place, cause.cause);
  return new StageError(
    stage,
    'DestinationFailed',
    `destination ${place} does not work: ${text || `exit code ${said.code}`}${about}`,
    'see what the message says, and the log of the server; NKVM tries again',
    'unknown',
    cause
  );
}

export const shellMissing = (stage: Stage, place: string, cause: unknown): StageError =>
  new StageError(
    stage,
    'ShellMissing',
    `destination ${place}: the server runs no commands for this user`,
    'use the kind sftp with the same settings, or give the user a shell',
    'needs-action',
    { cause }
  );
