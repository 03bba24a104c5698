import { refText } from '../api/clusterRef';
import type { Trouble } from '../api/trouble';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';
import { Stale } from './Shown';
import { troubleText } from './troubleText';

interface ListWarningsProps {
  cluster: string;
  /** There is a list of this cluster, perhaps an old one. */
  isLoaded: boolean;
  trouble?: Trouble;
  /** Namespaces that could not be asked, where others could. */
  closed: { namespace: string; trouble: Trouble }[];
  /** Not everything could be looked at. */
  incomplete: boolean;
  /** Why the list may be out of date, in sentences. */
  stale?: string[];
  /** Several clusters are shown. */
  isNamed: boolean;
}

/** What is wrong with one cluster's part of a list that is shown, or missing in it. */
export function ListWarnings(props: ListWarningsProps) {
  const { cluster, isLoaded, trouble, closed, incomplete, stale = [], isNamed } = props;
  const { t } = useText();
  const name = isNamed && (
    <>
      <strong>{refText(cluster)}</strong>
      {' · '}
    </>
  );
  return (
    <>
      {trouble && isLoaded && <Stale cluster={cluster} trouble={trouble} isNamed={isNamed} />}
      {trouble && !isLoaded && (
        <Message severity="warning" sx={{ mb: 2 }}>
          {name}
          {Object.values(troubleText(trouble, t)).join('. ')}
        </Message>
      )}
      {closed.length > 0 && (
        <Message severity="warning" sx={{ mb: 2 }}>
          {name}
          {closed.map(({ namespace, trouble }) => {
            const { title, text } = troubleText(trouble, t);
            return (
              <div key={namespace}>
                <strong>{namespace}</strong> {`${title}. ${text}`}
              </div>
            );
          })}
        </Message>
      )}
      {stale.length > 0 && (
        <Message severity="warning" sx={{ mb: 2 }}>
          {name}
          {[t('The data below may be out of date.'), ...stale.map(sentence)].join(' ')}
        </Message>
      )}
      {incomplete && (
        <Message severity="warning" sx={{ mb: 2 }}>
          {name}
          {t(
            'This list is incomplete. There are more namespaces than one request can check. Select some in the Namespaces filter to see all of theirs.'
          )}
        </Message>
      )}
    </>
  );
}
