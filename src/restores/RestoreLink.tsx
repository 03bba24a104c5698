import { Icon } from '@iconify/react';
import { Button } from '@mui/material';
import type { ReactNode } from 'react';
import { Link as RouterLink } from 'react-router-dom';
import { lackText, TO_READ, useLack } from '../access/useLack';
import { Link } from '../otherClusters/Link';
import { usePageUrl } from '../otherClusters/usePageUrl';
import { NAMESPACE_PARAMETER, RESTORE_ROUTE, RESTORE_RUN_ROUTE } from '../routes';
import { IconLink } from '../ui/buttons/IconLink';
import { WithReason } from '../ui/buttons/WithReason';
import { restoreIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { type DraftStart, searchOf } from './wizard/draft';

/** @returns the address of the wizard. */
export function useRestoreUrl(cluster: string): (start: DraftStart) => string {
  const pageUrl = usePageUrl();
  return start => pageUrl(cluster, RESTORE_ROUTE, {}, searchOf(start));
}

interface ToWizard {
  cluster: string;
  start: DraftStart;
  /** What is restored, for those who hear the button without what is around it. */
  label?: string;
}

/** Of an archive that is to be chosen in the wizard. */
const UNKNOWN = { namespace: '' };

/** Leads to the wizard. Where to is chosen there, and needs a right of its own. */
export function RestoreButton({ cluster, start, label }: ToWizard) {
  const { t } = useText();
  const url = useRestoreUrl(cluster)(start);
  const why = lackText(useLack(cluster, start.from ?? UNKNOWN, TO_READ), t);
  return (
    <WithReason why={why}>
      {about => (
        <Button
          {...(why === undefined && { component: RouterLink, to: url })}
          size="small"
          variant="outlined"
          aria-label={label}
          startIcon={<Icon icon={restoreIcon} />}
          sx={{ whiteSpace: 'nowrap', opacity: why === undefined ? undefined : 0.5 }}
          {...about}
        >
          {t('Restore…')}
        </Button>
      )}
    </WithReason>
  );
}

/** As `RestoreButton`, in the row of a table. */
export function RestoreIconLink({ cluster, start, label, why }: ToWizard & RowLink) {
  const url = useRestoreUrl(cluster)(start);
  return <IconLink icon={restoreIcon} to={url} label={label} why={why} />;
}

interface RowLink {
  label: string;
  /** Why the person may not use it, and whom to ask. */
  why: string | undefined;
}

interface RestoreRunLinkProps {
  cluster: string;
  id: string;
  /** Of the claim that is written to. */
  namespace: string;
  children: ReactNode;
}

/** Leads to the page of one restore. */
export function RestoreRunLink({ cluster, id, namespace, children }: RestoreRunLinkProps) {
  return (
    <Link
      routeName={RESTORE_RUN_ROUTE.name}
      params={{ id }}
      search={{ [NAMESPACE_PARAMETER]: namespace }}
      activeCluster={cluster}
    >
      {children}
    </Link>
  );
}
