import type { Backup } from '../../sidecar/api';
import { warnIcon } from '../ui/icons';
import { Badge, RunBadge } from '../ui/status';
import { useText } from '../ui/text';
import { isIncomplete } from './copies/copyStates';

interface BackupBadgeProps {
  backup: Pick<Backup, 'status' | 'copies' | 'warnings'>;
  /** Of another volume with the same name. */
  isEarlier?: boolean;
}

/** The state of a backup. One that is missing at a destination, and good at others, is neither. */
export function BackupBadge({ backup, isEarlier = false }: BackupBadgeProps) {
  const { t } = useText();
  const color = isEarlier ? '' : 'warning';
  if (isIncomplete(backup)) return <Badge icon={warnIcon} color={color} text={t('Incomplete')} />;
  return backup.status === 'success' && backup.warnings.length > 0 ? (
    <Badge icon={warnIcon} color={color} text={t('Succeeded with warnings')} />
  ) : (
    <RunBadge status={backup.status} isEarlier={isEarlier} />
  );
}
