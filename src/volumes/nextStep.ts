import type { Volume } from '../../sidecar/api';
import { openNamespaceCommand } from '../../sidecar/api/names.ts';
import { isFinal } from '../api/final';

/** What a person can do next about a volume. */
export type NextStep =
  | { kind: 'backUp' }
  | { kind: 'watch'; id: string }
  /** An administrator runs this command. */
  | { kind: 'openNamespace'; command: string; why: string }
  | { kind: 'solve'; hint: string; why: string };

export function nextStepOf({ namespace, lastBackup, obstacle }: Volume): NextStep {
  if (lastBackup && !isFinal(lastBackup.status)) return { kind: 'watch', id: lastBackup.id };
  if (!obstacle) return { kind: 'backUp' };
  const command = openNamespaceCommand(namespace);
  return obstacle.hint.includes(command)
    ? { kind: 'openNamespace', command, why: obstacle.message }
    : { kind: 'solve', hint: obstacle.hint, why: obstacle.message };
}

export const canBackUp = (volume: Volume): boolean => nextStepOf(volume).kind === 'backUp';
