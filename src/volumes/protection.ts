import type { Volume } from '../../sidecar/api';
import { isFinal } from '../api/final';

/** How a volume stands, in one word. */
export type Protection =
  | 'lost'
  | 'queued'
  | 'running'
  | 'unbound'
  | 'hidden'
  | 'failed'
  | 'backedUp'
  | 'never';

/** A cancelled run says nothing of a volume: what was proven before it still is. */
export function protectionOf(volume: Volume): Protection {
  const { phase, lastBackup, lastSuccess, backupsVisible } = volume;
  if (phase === 'Lost') return 'lost';
  if (lastBackup && !isFinal(lastBackup.status)) {
    return lastBackup.status === 'queued' ? 'queued' : 'running';
  }
  if (!backupsVisible) return 'hidden';
  if (lastBackup?.status === 'failed') return 'failed';
  if (lastSuccess) return 'backedUp';
  return phase === 'Pending' ? 'unbound' : 'never';
}
