import type { Backup } from '../../sidecar/api';
import type { Translate } from './text';

/** How an archive travelled, and why that way; undefined where it is not known. */
export function transportText(
  { transport, transportReason }: Pick<Backup, 'transport' | 'transportReason'>,
  t: Translate
): string | undefined {
  if (transport === null) return undefined;
  const way = wayText(transport, t);
  return transportReason === null ? way : `${way}: ${transportReason}`;
}

function wayText(transport: NonNullable<Backup['transport']>, t: Translate): string {
  switch (transport) {
    case 'exec':
      return t('Through the API server');
    case 'push':
      return t('Between the helper pod and NKVM');
    case 'direct':
      return t('Between the helper pod and the storage');
  }
}
