import { Icon } from '@iconify/react';
import { Button, IconButton, Tooltip } from '@mui/material';
import type { ReactNode } from 'react';
import { Link as RouterLink } from 'react-router-dom';
import { Link } from '../otherClusters/Link';
import { usePageUrl } from '../otherClusters/usePageUrl';
import { NAMESPACE_PARAMETER, RESTORE_ROUTE, RESTORE_RUN_ROUTE } from '../routes';
import { restoreIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { type DraftStart, searchOf } from './draft';

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

/** Leads to the wizard. */
export function RestoreButton({ cluster, start, label }: ToWizard) {
  const { t } = useText();
  const url = useRestoreUrl(cluster)(start);
  return (
    <Button
      component={RouterLink}
      to={url}
      size="small"
      variant="outlined"
      aria-label={label}
      startIcon={<Icon icon={restoreIcon} />}
      sx={{ whiteSpace: 'nowrap' }}
    >
      {t('Restore…')}
    </Button>
  );
}

/** As `RestoreButton`, in the row of a table. */
export function RestoreIconLink({ cluster, start, label }: ToWizard & { label: string }) {
  const url = useRestoreUrl(cluster)(start);
  return (
    <Tooltip title={label}>
      <IconButton component={RouterLink} to={url} size="small" aria-label={label} sx={{ my: -0.5 }}>
        <Icon icon={restoreIcon} width={20} />
      </IconButton>
    </Tooltip>
  );
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
