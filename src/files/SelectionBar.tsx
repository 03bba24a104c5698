import { Icon, type IconifyIcon } from '@iconify/react';
import { Button, IconButton, Stack, Tooltip, Typography } from '@mui/material';
import { Link as RouterLink } from 'react-router-dom';
import type { ArchiveFile, Backup } from '../../sidecar/api';
import { useRestoreUrl } from '../restores/RestoreLink';
import { closeIcon, downloadIcon, restoreIcon, versionsIcon, whyNotIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { useIsNarrow } from '../ui/useIsNarrow';
import { useVersionsUrl } from './ArchiveLinks';
import type { Selection } from './selection';

interface SelectionBarProps {
  cluster: string;
  backup: Backup;
  /** How many entries the list has. */
  total: number;
  isSearch: boolean;
  selection: Selection;
  /** A download is being prepared. */
  isBusy: boolean;
  fileAt(path: string): ArchiveFile | undefined;
  onDownload(): void;
  onDetails(path: string): void;
  onClear(): void;
}

/** How much is shown and selected, and what can be done with what is selected. It always takes the same room. */
export function SelectionBar(props: SelectionBarProps) {
  const { cluster, backup, total, isSearch, selection, isBusy } = props;
  const { t, language } = useText();
  const restoreUrl = useRestoreUrl(cluster);
  const versionsUrl = useVersionsUrl(cluster);
  const { id, namespace, name } = backup;
  const paths = [...selection];
  const [only] = paths;
  const single = paths.length === 1 && only ? props.fileAt(only) : undefined;
  const number = total.toLocaleString(language);

  if (paths.length === 0) {
    return (
      <Bar>
        <Typography variant="body2" color="text.secondary">
          {isSearch
            ? t('{{number}} found', { number })
            : t('{{number}} entries', { count: total, number })}
        </Typography>
      </Bar>
    );
  }
  return (
    <Bar>
      <Typography variant="body2" sx={{ mr: 0.5 }}>
        {t('{{number}} selected', { number: paths.length.toLocaleString(language) })}
      </Typography>
      <Does
        icon={downloadIcon}
        text={t('Download')}
        label={t('Download the selection')}
        isBusy={isBusy}
        onClick={props.onDownload}
      />
      <Does
        icon={restoreIcon}
        text={t('Restore…')}
        label={t('Restore… the selection')}
        to={restoreUrl({ backup: id, from: { namespace, name }, paths })}
      />
      {single && single.type !== 'directory' && (
        <Does
          icon={versionsIcon}
          text={t('Versions')}
          label={t('Versions of {{name}}', { name: single.name })}
          to={versionsUrl(backup, single.path)}
        />
      )}
      {single && (
        <Does
          icon={whyNotIcon}
          text={t('Details')}
          label={t('Details of {{name}}', { name: single.name })}
          onClick={() => props.onDetails(single.path)}
        />
      )}
      <Tooltip title={t('Clear selection')}>
        <IconButton size="small" aria-label={t('Clear selection')} onClick={props.onClear}>
          <Icon icon={closeIcon} width={18} />
        </IconButton>
      </Tooltip>
    </Bar>
  );
}

const Bar = ({ children }: { children: React.ReactNode }) => (
  <Stack direction="row" alignItems="center" flexWrap="wrap" gap={1} sx={{ minHeight: 32 }}>
    {children}
  </Stack>
);

interface DoesProps {
  icon: IconifyIcon;
  text: string;
  /** Begins with the text, for those who speak to their browser. */
  label: string;
  isBusy?: boolean;
  onClick?(): void;
  to?: string;
}

/** In a narrow window its icon only. */
function Does({ icon, text, label, isBusy = false, onClick, to }: DoesProps) {
  const isNarrow = useIsNarrow();
  return (
    <Tooltip title={isNarrow ? label : ''} describeChild>
      <Button
        size="small"
        variant="outlined"
        aria-label={label}
        aria-disabled={isBusy || undefined}
        onClick={isBusy ? undefined : onClick}
        startIcon={isNarrow ? undefined : <Icon icon={icon} />}
        sx={{ minWidth: 'unset', whiteSpace: 'nowrap', opacity: isBusy ? 0.5 : undefined }}
        {...(to && { component: RouterLink, to })}
      >
        {isNarrow ? <Icon icon={icon} width={20} /> : text}
      </Button>
    </Tooltip>
  );
}
