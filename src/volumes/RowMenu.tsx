import { Icon, type IconifyIcon } from '@iconify/react';
import { IconButton, ListItemIcon, ListItemText, Menu, MenuItem, Tooltip } from '@mui/material';
import { useSnackbar } from 'notistack';
import { type ReactNode, useId, useState } from 'react';
import { Link as RouterLink } from 'react-router-dom';
import { isOfHeadlamp } from '../api/clusterRef';
import { refresh } from '../api/queries/queries';
import { canBackUp } from '../backups/run/nextStep';
import { useBackUp } from '../backups/start/BackUps';
import { useFilesUrl } from '../files/ArchiveLinks';
import { suspendChange } from '../policy/choices';
import { ScheduleDialog } from '../policy/ScheduleDialog';
import { isSuspendedByItself } from '../policy/suspension';
import { changeAll } from '../policy/useChanges';
import { useRestoreUrl } from '../restores/RestoreLink';
import {
  backUpIcon,
  browseIcon,
  menuIcon,
  pausedIcon,
  restoreIcon,
  resumeIcon,
  scheduleIcon,
} from '../ui/icons';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';
import { type Row, scheduleTargetOf } from './row';

/** Everything else that can be done with a volume; no menu where that is nothing. */
export function RowMenu(row: Row) {
  const { cluster, volume } = row;
  const { namespace, name, lastSuccess } = volume;
  const { t } = useText();
  const { enqueueSnackbar } = useSnackbar();
  const id = useId();
  const [anchor, setAnchor] = useState<HTMLElement>();
  const [isScheduling, setScheduling] = useState(false);
  const restoreUrl = useRestoreUrl(cluster);
  const filesUrl = useFilesUrl(cluster);
  const { backUp } = useBackUp();
  // Labels of claims are changed through Headlamp.
  const policy = isOfHeadlamp(cluster) ? row.policy : undefined;
  const mayMakeIncrement = row.policy?.makesIncrements && canBackUp(volume);
  if (!lastSuccess && !policy && !mayMakeIncrement) return null;
  const close = () => setAnchor(undefined);
  const label = t('More actions for {{volume}}', { volume: `${namespace}/${name}` });

  async function suspend(isSuspended: boolean) {
    close();
    const target = scheduleTargetOf(row);
    if (!isSuspended && !(await isSuspendedByItself(target))) {
      enqueueSnackbar(
        t('The namespace suspends this schedule. Resume it on the page of the namespace.'),
        { variant: 'warning' }
      );
      return;
    }
    const { refused } = await changeAll([target], suspendChange(isSuspended));
    const [first] = refused;
    if (first) enqueueSnackbar(sentence(first.message), { variant: 'error' });
    await refresh(cluster);
  }

  return (
    <>
      <Tooltip title={label}>
        <IconButton
          size="small"
          aria-label={label}
          aria-haspopup="menu"
          aria-expanded={!!anchor}
          aria-controls={anchor ? id : undefined}
          onClick={({ currentTarget }) => setAnchor(currentTarget)}
        >
          <Icon icon={menuIcon} width={20} />
        </IconButton>
      </Tooltip>
      <Menu id={id} anchorEl={anchor} open={!!anchor} onClose={close}>
        {lastSuccess && (
          <LinkItem
            icon={restoreIcon}
            text={t('Restore…')}
            to={restoreUrl({ backup: lastSuccess.id, from: { namespace, name } })}
          />
        )}
        {lastSuccess && (
          <LinkItem
            icon={browseIcon}
            text={t('Browse files')}
            to={filesUrl({ id: lastSuccess.id, namespace })}
          />
        )}
        {mayMakeIncrement && (
          <MenuItem
            onClick={() => {
              close();
              void backUp([{ cluster, namespace, name }], { form: 'full' });
            }}
          >
            <Look icon={backUpIcon}>{t('Back up in full')}</Look>
          </MenuItem>
        )}
        {policy && (
          <MenuItem
            onClick={() => {
              close();
              setScheduling(true);
            }}
          >
            <Look icon={scheduleIcon}>{t('Schedule…')}</Look>
          </MenuItem>
        )}
        {policy?.schedule && (
          <MenuItem onClick={() => void suspend(!policy.suspended)}>
            <Look icon={policy.suspended ? resumeIcon : pausedIcon}>
              {policy.suspended ? t('Resume the schedule') : t('Suspend the schedule')}
            </Look>
          </MenuItem>
        )}
      </Menu>
      <ScheduleDialog
        targets={[scheduleTargetOf(row)]}
        isOpen={isScheduling}
        onClose={() => setScheduling(false)}
      />
    </>
  );
}

function Look({ icon, children }: { icon: IconifyIcon; children: ReactNode }) {
  return (
    <>
      <ListItemIcon>
        <Icon icon={icon} width={20} />
      </ListItemIcon>
      <ListItemText>{children}</ListItemText>
    </>
  );
}

/** Takes what the list of a menu hands to its items. */
function LinkItem({ icon, text, to, ...ofList }: { icon: IconifyIcon; text: string; to: string }) {
  return (
    <MenuItem component={RouterLink} to={to} {...ofList}>
      <Look icon={icon}>{text}</Look>
    </MenuItem>
  );
}
