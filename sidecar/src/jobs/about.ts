import type { Backup } from '../../api/index.ts';

/** @returns the fields that each line of the log on a run carries. */
export const aboutOf = ({ id, namespace, name }: Backup) => ({ run: id, namespace, pvc: name });
