import type { Volume } from '../../../sidecar/api';
import { isFinal } from '../../api/final';
import { admitUsersCommands } from '../../setup/commands';

/** What a person can do next about a volume. */
export type NextStep =
  | { kind: 'backUp' }
  | { kind: 'watch'; id: string }
  /** There is something in the way: what, and the command that removes it where there is one. */
  | { kind: 'blocked'; reason: string; message: string; hint: string; command?: string };

/** The person lacks the right to back up. */
export const FORBIDDEN = 'Forbidden';

/** The sidecar may not create helper pods in the namespace. */
const NAMESPACE_NOT_OPEN = 'NamespaceNotOpen';

export function nextStepOf(volume: Volume): NextStep {
  const { namespace, name, lastBackup, obstacle, mayBackUp } = volume;
  if (lastBackup && !isFinal(lastBackup.status)) return { kind: 'watch', id: lastBackup.id };
  if (!mayBackUp) {
    return {
      kind: 'blocked',
      reason: FORBIDDEN,
      message: `permission to create persistentvolumeclaims/backup of ${name} in namespace ${namespace} is missing`,
      hint: 'a cluster administrator grants it with this command',
      command: admitUsersCommands(namespace).split('\n').at(-1),
    };
  }
  if (!obstacle) return { kind: 'backUp' };
  return {
    kind: 'blocked',
    ...obstacle,
    ...(obstacle.reason === NAMESPACE_NOT_OPEN && { command: commandIn(obstacle.hint) }),
  };
}

/** @returns the command of a hint. NKVM knows which account of which namespace it runs as. */
const commandIn = (hint: string): string | undefined => /kubectl .*/.exec(hint)?.[0];

export const canBackUp = (volume: Volume): boolean => nextStepOf(volume).kind === 'backUp';
