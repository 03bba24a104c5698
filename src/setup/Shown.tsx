import { Loader } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box } from '@mui/material';
import type { ReactNode } from 'react';
import { refText } from '../api/clusterRef';
import type { Asked } from '../api/queries/queries';
import type { Trouble } from '../api/trouble';
import { Link } from '../otherClusters/Link';
import { NAMESPACE_PARAMETER, VOLUMES_ROUTE } from '../routes';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { LookAgain } from './LookAgain';
import { TroubleNotice } from './TroubleNotice';
import { troubleText } from './troubleText';

interface ShownProps<T> {
  cluster: string;
  asked: Asked<T>;
  /** Part of a page that is about something else: trouble gets a line, not a page. */
  isPart?: boolean;
  /** The namespace that the page is about. */
  namespace?: string;
  /** In place of what does not exist. */
  missing?: ReactNode;
  /** In place of the sign that it loads. */
  loading?: ReactNode;
  children(value: T): ReactNode;
}

/**
 * Shows what was asked for, as every view does: a value stays in sight while a newer one cannot be had, with a warning;
 * without a value there is what is wrong, or a sign that it loads.
 */
export function Shown<T>(props: ShownProps<T>) {
  const { cluster, asked, isPart, namespace, missing, loading, children } = props;
  const { value, trouble } = asked;
  if (value !== undefined) {
    return (
      <>
        {trouble && <Stale cluster={cluster} trouble={trouble} />}
        {children(value)}
      </>
    );
  }
  if (!trouble) return <>{loading ?? <Loader title="" />}</>;
  if (trouble.kind === 'notFound' && missing !== undefined) return <>{missing}</>;
  return isPart ? (
    <TroubleLine cluster={cluster} trouble={trouble} namespace={namespace} />
  ) : (
    <TroubleNotice cluster={cluster} trouble={trouble} />
  );
}

interface StaleProps {
  cluster: string;
  trouble: Trouble;
  /** Several clusters are shown. */
  isNamed?: boolean;
}

/** What is shown below is older than it should be. */
export function Stale({ cluster, trouble, isNamed = false }: StaleProps) {
  const { t } = useText();
  const { title, text } = troubleText(trouble, t);
  return (
    <Message
      severity="warning"
      sx={{ mb: 2 }}
      action={<LookAgain cluster={cluster} isSmall />}
      // Screen readers read it at the next pause, not in the middle of a word.
      role="status"
    >
      {isNamed && (
        <>
          <strong>{refText(cluster)}</strong>
          {' · '}
        </>
      )}
      {`${title}. ${t('The data below may be out of date.')} `}
      {trouble.kind !== 'absent' && text}
    </Message>
  );
}

/** One line, on a page that is not about us. */
function TroubleLine({
  cluster,
  trouble,
  namespace,
}: {
  cluster: string;
  trouble: Trouble;
  namespace?: string;
}) {
  const { t } = useText();
  const { title, text } = troubleText(trouble, t);
  return (
    <Message
      severity={trouble.kind === 'absent' ? 'info' : 'warning'}
      action={<LookAgain cluster={cluster} isSmall />}
    >
      {trouble.kind === 'absent' ? `${title}.` : `${title}. ${text}`}
      {hasAdvice(trouble) && (
        <Box component="span" sx={{ ml: 1 }}>
          <Link
            routeName={VOLUMES_ROUTE.name}
            search={namespace ? { [NAMESPACE_PARAMETER]: namespace } : undefined}
            activeCluster={cluster}
          >
            {t('How to fix it')}
          </Link>
        </Box>
      )}
    </Message>
  );
}

const hasAdvice = ({ kind }: Trouble): boolean =>
  ['absent', 'noRight', 'noAccount', 'unreachable', 'noWay'].includes(kind);
