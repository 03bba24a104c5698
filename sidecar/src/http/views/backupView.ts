import type { Backup } from '../../../api/index.ts';
import type { Action } from '../../cluster/gateway/access.ts';
import type { NamespaceFact } from '../../cluster/watch/facts.ts';

/** A right on the backups of a claim, or on what is in its archives. */
export const rightOn = (
  verb: Action['verb'],
  subresource: 'backup' | 'archive' | 'restore',
  { namespace, name }: Pick<Backup, 'namespace' | 'name'>
): Action => ({
  verb,
  group: '',
  resource: 'persistentvolumeclaims',
  subresource,
  namespace,
  name,
});

/** The right to see the names of files in archives. */
export const READ_ARCHIVES = {
  verb: 'get',
  group: '',
  resource: 'persistentvolumeclaims',
  subresource: 'archive',
} as const;

/**
 * Whether a run belongs to the namespace that has its name now. A namespace that is deleted and created again belongs to
 * other people, perhaps: they have no right on the runs of the old one.
 * @param live the namespace as it is now; undefined: there is none.
 */
export function isOfLiveNamespace(
  { namespaceUid, createdAt }: Pick<Backup, 'namespaceUid' | 'createdAt'>,
  live: NamespaceFact | undefined
): boolean {
  if (!live) return false;
  if (namespaceUid !== null) return namespaceUid === live.uid;
  // A run of an older version, or one whose namespace was not known: it cannot be older than its namespace.
  return Date.parse(live.createdAt) <= Date.parse(createdAt);
}

/** @returns the run without lines of tar or of the helper, which name files in the volume. */
export function withoutPaths(run: Backup): Backup {
  return { ...run, tarMessages: [], helper: run.helper && { ...run.helper, lastWords: undefined } };
}
