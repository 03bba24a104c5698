import { SUSPEND_ANNOTATION } from '../../sidecar/api/names.ts';
import { type ObjectMetadata, readMetadata } from '../api/objects';
import type { Target } from './useChanges';

/** @returns whether the annotation of the object itself suspends its schedule, and not that of its namespace. */
export const suspends = ({ annotations }: ObjectMetadata): boolean =>
  annotations?.[SUSPEND_ANNOTATION] === 'true';

/** @returns the same as it is now; true where it cannot be read: the change then says why. Never throws. */
export const isSuspendedByItself = async (target: Target): Promise<boolean> => {
  try {
    return suspends(await readMetadata(target.cluster, target));
  } catch {
    return true;
  }
};
