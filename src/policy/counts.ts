import type { Volume, VolumePolicy } from '../../sidecar/api';
import { ownersOf } from '../volumes/owners';
import { type Planned, type Protection, protectionOf, PROTECTIONS } from '../volumes/protection';

/** @returns volumes together with what is planned for them. */
export function plannedOf(volumes: Volume[], policies: VolumePolicy[] = []): Planned[] {
  const byUid = new Map(policies.map(policy => [policy.uid, policy]));
  return volumes.map(volume => ({ volume, policy: byUid.get(volume.uid) }));
}

/** @returns how many volumes have which state, the most urgent state first. */
export function countsOf(
  planned: Planned[],
  nowMs: number
): { state: Protection; count: number }[] {
  const counts = new Map<Protection, number>();
  for (const { volume, policy } of planned) {
    const state = protectionOf(volume, nowMs, policy);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return PROTECTIONS.flatMap(state => {
    const count = counts.get(state);
    return count ? [{ state, count }] : [];
  });
}

/** @returns the volumes that a workload uses. */
export const usedBy = (planned: Planned[], { kind, name }: { kind: string; name: string }) =>
  planned.filter(({ volume }) =>
    ownersOf(volume.owner).some(owner => owner.kind === kind && owner.name === name)
  );
