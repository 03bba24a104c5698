import type { Backup } from '../../sidecar/api';
import { warnIcon } from '../ui/icons';
import { Badge, RunBadge } from '../ui/status';
import { useText } from '../ui/text';
import { isIncomplete } from './copyStates';

interface BackupBadgeProps {
  backup: Pick<Backup, 'status' | 'copies'>;
  /** Of another volume with the same name. */
  isEarlier?: boolean;
}

/** The state of a backup. One that is missing at a destination, and good at others, is neither. */
export function BackupBadge({ backup, isEarlier = false }: BackupBadgeProps) {
  const { t } = useText();
  return isIncomplete(backup) ? (
    <Badge icon={warnIcon} color={isEarlier ? '' : 'warning'} text={t('Incomplete')} />
  ) : (
    <RunBadge status={backup.status} isEarlier={isEarlier} />
  );
}
