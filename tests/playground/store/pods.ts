import type { Pod } from './object.ts';

/** Its containers run, or will. */
export const isLive = ({ status }: Pod): boolean =>
  status.phase !== 'Succeeded' && status.phase !== 'Failed';

export const isReady = ({ status, metadata }: Pod): boolean =>
  !metadata.deletionTimestamp &&
  (status.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

/** @returns the names of the claims that the pod's volumes name, the generic ephemeral ones too. */
export const claimNames = ({ metadata, spec }: Pod): string[] => [
  ...new Set(
    (spec.volumes ?? []).flatMap(volume =>
      volume.ephemeral
        ? `${metadata.name}-${volume.name}`
        : volume.persistentVolumeClaim?.claimName ?? []
    )
  ),
];
