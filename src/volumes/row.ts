import type { Volume } from '../../sidecar/api';
import type { Target } from '../backups/start';

/** A volume in the list, which may show several clusters. */
export interface Row {
  cluster: string;
  volume: Volume;
}

export const targetOf = ({ cluster, volume: { namespace, name } }: Row): Target => ({
  cluster,
  namespace,
  name,
});

/** A re-created claim is another volume. */
export const rowId = ({ cluster, volume }: Row): string => `${cluster}/${volume.uid}`;

/** What was provisioned, or else what was asked for. */
export const bytesOf = ({ volume }: Row): number =>
  volume.capacityBytes ?? volume.requestedBytes ?? 0;
