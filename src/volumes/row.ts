import type { Volume, VolumePolicy } from '../../sidecar/api';
import type { Target } from '../backups/start/start';
import type { ScheduleTarget } from '../policy/ScheduleDialog';
import { ownersOf } from './owners';

/** A volume in the list, which may show several clusters. */
export interface Row {
  cluster: string;
  volume: Volume;
  /** What is planned for it; undefined where that is not known. */
  policy?: VolumePolicy;
}

export const targetOf = ({ cluster, volume: { namespace, name } }: Row): Target => ({
  cluster,
  namespace,
  name,
});

/** The claim of a volume, for a change of its labels. */
export const scheduleTargetOf = ({
  cluster,
  volume: { namespace, name, owner },
}: Row): ScheduleTarget => ({
  cluster,
  kind: 'PersistentVolumeClaim',
  namespace,
  name,
  usedBy: ownersOf(owner).find(({ kind }) => kind === 'StatefulSet')?.name,
});

/** A claim that was created again is another volume. */
export const rowId = ({ cluster, volume }: Row): string => `${cluster}/${volume.uid}`;

/** What was provisioned, or else what was asked for. */
export const bytesOf = ({ volume }: Row): number =>
  volume.capacityBytes ?? volume.requestedBytes ?? 0;

const rows = new WeakMap<Volume, Row>();

/** @returns the same row for the same volume and policy: a table calculates again only what has changed. */
export function rowOf(cluster: string, volume: Volume, policy?: VolumePolicy): Row {
  const known = rows.get(volume);
  if (known?.cluster === cluster && known.policy === policy) return known;
  const row = { cluster, volume, policy };
  rows.set(volume, row);
  return row;
}
