import type { AuditEntryShown } from '../../sidecar/api';
import { quotedName } from '../../sidecar/api/quotedName';
import type { Translate } from '../ui/text';

/** @returns who it was, in a few words. */
export function callerOf({ actor }: AuditEntryShown, t: Translate): string {
  const { kind, cluster } = actor;
  const name = nameOf(actor, t);
  return cluster === undefined || kind === 'nkvm'
    ? name
    : t('{{name}} of cluster {{cluster}}', { name, cluster });
}

function nameOf({ kind, name }: AuditEntryShown['actor'], t: Translate): string {
  switch (kind) {
    case 'nkvm':
      return 'NKVM';
    case 'unknown':
      return t('Unknown');
    case 'user':
      return name === null ? t('Unknown') : nameOfUser(name);
    case 'serviceAccount':
      return name?.replace(/^system:serviceaccount:/, '') ?? t('Unknown');
  }
}

/** A user may be called as NKVM. */
const nameOfUser = (name: string): string => (name === 'NKVM' ? `"${name}"` : quotedName(name));

const MOST_CLAIMS = 3;

/** @returns what it was about: claims, else archive, destination or runs. */
export function targetOf({ claims, backup, archive, destination, runs }: AuditEntryShown): string {
  const names = claims.map(({ namespace, name }) => [namespace, name].filter(Boolean).join('/'));
  const more = names.length - MOST_CLAIMS;
  const shown = [...names.slice(0, MOST_CLAIMS), ...(more > 0 ? [`+${more}`] : [])].join(', ');
  return [shown || archive || backup || runs.join(', '), destination].filter(Boolean).join(' · ');
}
