import { Icon } from '@iconify/react';
import { Box, Tooltip, Typography } from '@mui/material';
import type { ProvenRestore } from '../../sidecar/api';
import { RunLink } from '../backups/RunLink';
import { RestoreRunLink } from '../restores/RestoreLink';
import { provenIcon } from '../ui/icons';
import { statusColor } from '../ui/statusColor';
import { useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';

interface ProvenProps {
  cluster: string;
  namespace: string;
  proven: ProvenRestore;
  /** Beside other small text, as in the list of volumes. */
  isSmall?: boolean;
}

/** When a backup was last restored as a whole and compared with its archive, and where that is recorded. */
export function Proven({ cluster, namespace, proven, isSmall = false }: ProvenProps) {
  const { t } = useText();
  const { at, backup, check, kind } = proven;
  const ago = <Ago date={at} />;
  return (
    <ProvenLine isSmall={isSmall}>
      {t('Proven restorable')}{' '}
      {kind === 'restore' ? (
        <RestoreRunLink cluster={cluster} id={check} namespace={namespace}>
          {ago}
        </RestoreRunLink>
      ) : (
        <RunLink cluster={cluster} id={backup} namespace={namespace}>
          {ago}
        </RunLink>
      )}
    </ProvenLine>
  );
}

/** As `Proven`, on the page of the backup itself. */
export function ProvenAt({ at }: { at: string }) {
  const { t } = useText();
  return (
    <ProvenLine>
      {t('Proven restorable')} <Ago date={at} />
    </ProvenLine>
  );
}

function ProvenLine({
  children,
  isSmall = false,
}: {
  children: React.ReactNode;
  isSmall?: boolean;
}) {
  const { t } = useText();
  return (
    <Tooltip
      describeChild
      title={t('The whole backup was restored, and every file was compared with the archive.')}
    >
      <Typography
        component="span"
        variant={isSmall ? 'caption' : 'body2'}
        color={isSmall ? 'text.secondary' : undefined}
        sx={{ display: 'inline-flex', alignItems: 'center', gap: 0.5 }}
      >
        <Box
          component="span"
          aria-hidden
          sx={{ lineHeight: 0, color: statusColor('success'), flexShrink: 0 }}
        >
          <Icon icon={provenIcon} width={isSmall ? 14 : 18} />
        </Box>
        <span>{children}</span>
      </Typography>
    </Tooltip>
  );
}
