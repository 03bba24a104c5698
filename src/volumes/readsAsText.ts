import type { ReadsAs, VolumeRef } from '../../sidecar/api';
import type { Translate } from '../ui/text';

/** @returns what a backup of a volume cannot read, before anybody starts one: its helper pod is not root. */
export function readsAsText({ namespace }: VolumeRef, reads: ReadsAs, t: Translate): string {
  const { user, because } = reads;
  if (because === 'setting')
    return t(
      'Backups run as user {{user}}, because NKVM is set up so. A backup fails before it begins to copy if this user cannot read a file.',
      { user }
    );
  const refused = t('Restores into this namespace are refused.');
  if (user === null)
    return `${t(
      'Namespace {{namespace}} enforces Pod Security level restricted. Backups run as the user of the volume’s pods. A backup fails before it begins to copy if this user cannot read a file.',
      { namespace }
    )} ${refused}`;
  if (because === 'unknown')
    return `${t(
      'Namespace {{namespace}} enforces Pod Security level restricted, and no pod says which user owns the files. Backups run as user {{user}}. A backup fails before it begins to copy if this user cannot read a file.',
      { namespace, user }
    )} ${refused}`;
  return `${t(
    'Namespace {{namespace}} enforces Pod Security level restricted. Backups run as user {{user}}, as the volume’s pods do. A backup fails before it begins to copy if this user cannot read a file.',
    { namespace, user }
  )} ${refused}`;
}
