import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';

interface Ended {
  stage: Stage;
  place: string;
  code: number | null;
  killedBy: NodeJS.Signals | null;
  /** The end of its stderr. */
  said: string;
}

/** @returns why restic ended without success; its exit codes are part of its interface since 0.17. */
export function resticError({ stage, place, code, killedBy, said }: Ended): StageError {
  const why = lastWords(said);
  switch (code) {
    case 10:
      return new StageError(
        stage,
        'RepositoryMissing',
        `destination ${place} is not a restic repository`,
        'create it once with restic init, with the password of the Secret; NKVM creates none, because a wrong path would make an empty one',
        'needs-action'
      );
    case 11:
      return new StageError(
        stage,
        'RepositoryLocked',
        `destination ${place} is locked by another restic: ${why}`,
        'wait until it has ended; restic unlock removes a lock that a killed process has left',
        'transient'
      );
    case 12:
      return new StageError(
        stage,
        'LoginRefused',
        `destination ${place}: the password is not one of the repository`,
        'check password in the Secret of the destination',
        'needs-action'
      );
  }
  const how = killedBy ? `was ended by ${killedBy}` : `ended with exit code ${code}`;
  return new StageError(
    stage,
    'ResticFailed',
    `destination ${place}: restic ${how}: ${why}`,
    'see what restic says; restic check finds damage in the repository',
    'unknown'
  );
}

/** @returns that the program cannot be started. */
export const resticMissing = (stage: Stage, place: string, cause: Error): StageError =>
  new StageError(
    stage,
    'ResticMissing',
    `destination ${place}: restic cannot be started: ${cause.message}`,
    'use the image of NKVM, which has restic',
    'needs-action',
    { cause }
  );

/** With `--json`, restic's messages are JSON. */
function lastWords(said: string): string {
  const lines = said.split('\n').filter(line => line.trim() !== '');
  const texts = lines.map(line => {
    try {
      const { message, error } = JSON.parse(line) as {
        message?: string;
        error?: { message?: string };
      };
      return message ?? error?.message ?? line;
    } catch {
      return line;
    }
  });
  return texts.slice(-2).join('; ').slice(0, 500) || 'it wrote no message';
}
