import type { Destination } from '../../sidecar/api';
import { formatBytes } from '../ui/bytes';
import { Figures } from '../ui/Figures';
import { useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';

/** What is stored at a destination, and since when that is known. */
export function Stored({ destination }: { destination: Destination }) {
  const { t, language } = useText();
  const { catalog, lastProvenAt, lastReadBackAt, freeBytes } = destination;
  const number = (value: number) => value.toLocaleString(language);
  const ago = (date: string | null) => (date ? <Ago date={date} /> : t('Never'));
  return (
    <Figures
      figures={[
        { label: t('Archives'), value: catalog ? number(catalog.archives) : t('Not read yet') },
        catalog && { label: t('Counted'), value: <Ago date={catalog.readAt} /> },
        catalog && { label: t('Stored'), value: formatBytes(catalog.bytes, language) },
        {
          label: t('Free space'),
          value: freeBytes === null ? t('Unknown') : formatBytes(freeBytes, language),
        },
        { label: t('Last proof'), value: ago(lastProvenAt) },
        { label: t('Last read back'), value: ago(lastReadBackAt) },
        catalog && {
          label: t('Only here'),
          value: t('{{count}} backups', { count: catalog.onlyHere }),
        },
        catalog &&
          catalog.foreign > 0 && {
            label: t('Of other installations'),
            value: number(catalog.foreign),
          },
      ]}
    />
  );
}
