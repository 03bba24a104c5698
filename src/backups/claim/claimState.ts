import type { Volume } from '../../../sidecar/api';

/** What happened to the volume of a backup. `replaced`: another volume has its name now. */
export type ClaimState = 'live' | 'replaced' | 'gone' | 'unknown';

/** The volumes that are there, as far as they could be listed. */
export interface KnownVolumes {
  value?: Volume[];
  incomplete: boolean;
  closed: { namespace: string }[];
}

/** "Could not find out" is not "deleted": a volume counts as deleted only where its namespace was listed. */
export function claimStateOf(
  { namespace, name, uid }: { namespace: string; name: string; uid: string },
  { value, incomplete, closed }: KnownVolumes
): ClaimState {
  const found = value?.find(volume => volume.namespace === namespace && volume.name === name);
  if (found) return found.uid === uid ? 'live' : 'replaced';
  const isListed = value && !incomplete && !closed.some(each => each.namespace === namespace);
  return isListed ? 'gone' : 'unknown';
}
