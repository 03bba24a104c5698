import { Icon, type IconifyIcon } from '@iconify/react';
import { Button } from '@mui/material';
import { Link as RouterLink } from 'react-router-dom';
import type { Backup } from '../../sidecar/api';
import { lackText, TO_READ, useLack } from '../access/useLack';
import { usePageUrl } from '../otherClusters/usePageUrl';
import { COMPARE_ROUTE, FILES_ROUTE, NAMESPACE_PARAMETER, VERSIONS_ROUTE } from '../routes';
import { IconLink } from '../ui/buttons/IconLink';
import { WithReason } from '../ui/buttons/WithReason';
import { browseIcon, compareIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { useFormatDate } from '../ui/time/useFormatDate';

type Of = Pick<Backup, 'id' | 'namespace'>;

/** @returns how to make the address of a page about an archive. */
function useArchiveUrl(cluster: string, route: { name: string }) {
  const pageUrl = usePageUrl();
  return ({ id, namespace }: Of, query: Record<string, string> = {}): string =>
    pageUrl(cluster, route, { id }, { [NAMESPACE_PARAMETER]: namespace, ...query });
}

/** @returns how to make the address of a folder in an archive. */
export function useFilesUrl(cluster: string): (backup: Of, path?: string) => string {
  const url = useArchiveUrl(cluster, FILES_ROUTE);
  return (backup, path) => url(backup, path ? { path } : {});
}

/** @returns how to make the address of the versions of a file. */
export function useVersionsUrl(cluster: string): (backup: Of, path: string) => string {
  const url = useArchiveUrl(cluster, VERSIONS_ROUTE);
  return (backup, path) => url(backup, { path });
}

/** @returns how to make the address of a comparison. @param older undefined: to be chosen there. */
export function useCompareUrl(cluster: string): (backup: Of, older?: string) => string {
  const url = useArchiveUrl(cluster, COMPARE_ROUTE);
  return (backup, older) => url(backup, older ? { with: older } : {});
}

interface LinkProps {
  cluster: string;
  backup: Pick<Backup, 'id' | 'namespace' | 'name' | 'cluster'>;
}

interface BrowseIconLinkProps {
  cluster: string;
  backup: Backup;
  /** Why the person may not use it, and whom to ask. */
  why: string | undefined;
}

/** Leads to the files of an archive, in the row of a table. */
export function BrowseIconLink({ cluster, backup, why }: BrowseIconLinkProps) {
  const { t } = useText();
  const date = useFormatDate()(backup.createdAt);
  return (
    <IconLink
      icon={browseIcon}
      to={useFilesUrl(cluster)(backup)}
      label={t('Browse files of the backup of {{date}}', { date })}
      why={why}
    />
  );
}

/** Leads to the files of an archive. */
export function BrowseLink({ cluster, backup }: LinkProps) {
  const { t } = useText();
  const { namespace, name } = backup;
  return (
    <LinkButton
      to={useFilesUrl(cluster)(backup)}
      icon={browseIcon}
      text={t('Browse files')}
      label={t('Browse files of {{volume}}', { volume: `${namespace}/${name}` })}
      why={lackText(useLack(cluster, backup, TO_READ), t)}
    />
  );
}

/** Leads to the comparison of an archive with an older one. */
export function CompareLink({ cluster, backup }: LinkProps) {
  const { t } = useText();
  return (
    <LinkButton
      to={useCompareUrl(cluster)(backup)}
      icon={compareIcon}
      text={t('Compare backups…')}
      why={lackText(useLack(cluster, backup, TO_READ), t)}
    />
  );
}

interface LinkButtonProps {
  to: string;
  icon: IconifyIcon;
  text: string;
  /** What it is about, for those who hear it without what is around it. */
  label?: string;
  /** Why the person may not use it, and whom to ask. */
  why: string | undefined;
}

function LinkButton({ to, icon, text, label, why }: LinkButtonProps) {
  return (
    <WithReason why={why}>
      {about => (
        <Button
          {...(why === undefined && { component: RouterLink, to })}
          size="small"
          variant="outlined"
          aria-label={label}
          startIcon={<Icon icon={icon} />}
          sx={{ whiteSpace: 'nowrap', opacity: why === undefined ? undefined : 0.5 }}
          {...about}
        >
          {text}
        </Button>
      )}
    </WithReason>
  );
}
