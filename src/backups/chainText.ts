import type { Backup } from '../../sidecar/api';
import type { Translate } from '../ui/text';

type Chained = Pick<Backup, 'chain'>;

/** What the archive of a backup is; undefined where no volume of it has increments, so that there is nothing to tell. */
export function chainText({ chain }: Chained, t: Translate): string | undefined {
  if (chain === null) return undefined;
  return chain.links.length === 0 ? t('Full') : t('Increment');
}

/** The archives that are needed beside its own, and their size; undefined for a full one. */
export function neededBy({ chain }: Chained): { count: number; bytes: number } | undefined {
  if (!chain || chain.links.length === 0) return undefined;
  return {
    count: chain.links.length,
    bytes: chain.links.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
