import type { BackupStatus } from '../../sidecar/api';

/** @returns whether a run in this state will never change again. */
export function isFinal(status: BackupStatus): boolean {
  switch (status) {
    case 'queued':
    case 'running':
      return false;
    case 'success':
    case 'failed':
    case 'cancelled':
      return true;
  }
}
