import type { Backup } from '../../../sidecar/api';
import { formatBytes } from '../../ui/bytes';
import { sentence } from '../../ui/sentence';
import { useText } from '../../ui/text';
import { chainText, neededBy } from '../chainText';
import { RunLink } from '../RunLink';

interface ChainFactsProps {
  cluster: string;
  backup: Pick<Backup, 'chain' | 'namespace'>;
}

/** Whether an archive is an increment, why it is not, and the archives that it needs. */
export function ChainFacts({ cluster, backup }: ChainFactsProps) {
  const { t, language } = useText();
  const { chain, namespace } = backup;
  const kind = chainText(backup, t);
  const needed = neededBy(backup);
  if (!chain || kind === undefined) return null;
  if (!needed) return <>{chain.why === undefined ? kind : `${kind}. ${sentence(chain.why)}.`}</>;
  const [full] = chain.links;
  const base = chain.links.at(-1);
  const link = (id: string, text: string) => (
    <RunLink cluster={cluster} id={id} namespace={namespace}>
      {text}
    </RunLink>
  );
  return (
    <>
      {kind}.{' '}
      {t('It needs {{count}} earlier archives, {{size}} together', {
        count: needed.count,
        size: formatBytes(needed.bytes, language),
      })}
      {full && <> · {link(full.runId, t('Full backup'))}</>}
      {base && base !== full && <> · {link(base.runId, t('Backup before it'))}</>}
    </>
  );
}
