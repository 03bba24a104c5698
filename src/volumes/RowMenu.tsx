import { Icon, type IconifyIcon } from '@iconify/react';
import { IconButton, ListItemIcon, ListItemText, Menu, MenuItem, Tooltip } from '@mui/material';
import { useSnackbar } from 'notistack';
import { useId, useState } from 'react';
import { Link as RouterLink } from 'react-router-dom';
import type { Volume } from '../../sidecar/api';
import { lackText, TO_READ, useLack, useOwnLack } from '../access/useLack';
import { isOfHeadlamp } from '../api/clusterRef';
import { toChange } from '../api/objects';
import { refresh } from '../api/queries/queries';
import { canBackUp } from '../backups/run/nextStep';
import { useBackUp } from '../backups/start/BackUps';
import { useFilesUrl } from '../files/ArchiveLinks';
import { suspendChange } from '../policy/choices';
import { ScheduleDialog } from '../policy/ScheduleDialog';
import { isSuspendedByItself } from '../policy/suspension';
import { changeAll, type Target } from '../policy/useChanges';
import { useRestoreUrl } from '../restores/RestoreLink';
import { notDoneText } from '../setup/notDoneText';
import {
  backUpIcon,
  browseIcon,
  menuIcon,
  pausedIcon,
  restoreIcon,
  resumeIcon,
  scheduleIcon,
} from '../ui/icons';
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
    const { failed } = await changeAll([target], suspendChange(isSuspended));
    const [first] = failed;
    if (first) {
      enqueueSnackbar(
        t('The change of {{volume}} was not confirmed. {{why}}', {
          volume: `${namespace}/${name}`,
          why: notDoneText(first.why, t),
        }),
        { variant: 'error' }
      );
    }
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
            cluster={cluster}
            claim={volume}
            icon={restoreIcon}
            text={t('Restore…')}
            to={restoreUrl({ backup: lastSuccess.id, from: { namespace, name } })}
          />
        )}
        {lastSuccess && (
          <LinkItem
            cluster={cluster}
            claim={volume}
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
            <Look icon={backUpIcon} text={t('Back up in full')} />
          </MenuItem>
        )}
        {policy && (
          <ChangeItem
            target={scheduleTargetOf(row)}
            icon={scheduleIcon}
            text={t('Schedule…')}
            onClick={() => {
              close();
              setScheduling(true);
            }}
          />
        )}
        {policy?.schedule && (
          <ChangeItem
            target={scheduleTargetOf(row)}
            icon={policy.suspended ? resumeIcon : pausedIcon}
            text={policy.suspended ? t('Resume the schedule') : t('Suspend the schedule')}
            onClick={() => void suspend(!policy.suspended)}
          />
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

interface LookProps {
  icon: IconifyIcon;
  text: string;
  /** Why the person may not use it, and whom to ask. */
  why?: string;
}

function Look({ icon, text, why }: LookProps) {
  return (
    <>
      <ListItemIcon>
        <Icon icon={icon} width={20} />
      </ListItemIcon>
      <ListItemText
        primary={text}
        secondary={why}
        sx={{ maxWidth: 320, whiteSpace: 'normal' }}
        primaryTypographyProps={{ sx: { opacity: why === undefined ? undefined : 0.5 } }}
      />
    </>
  );
}

interface LinkItemProps {
  cluster: string;
  claim: Volume;
  icon: IconifyIcon;
  text: string;
  to: string;
}

/** Leads to an archive. It takes what the list of a menu hands to its items, and asks for rights only in an open menu. */
function LinkItem({ cluster, claim, icon, text, to, ...ofList }: LinkItemProps) {
  const { t } = useText();
  const why = lackText(useLack(cluster, claim, TO_READ), t);
  return (
    <MenuItem
      {...(why === undefined && { component: RouterLink, to })}
      aria-disabled={why === undefined ? undefined : true}
      {...ofList}
    >
      <Look icon={icon} text={text} why={why} />
    </MenuItem>
  );
}

interface ChangeItemProps {
  target: Target;
  icon: IconifyIcon;
  text: string;
  onClick(): void;
}

/** Changes the claim, with the rights of the person at the browser. */
function ChangeItem({ target, icon, text, onClick, ...ofList }: ChangeItemProps) {
  const { t } = useText();
  const why = lackText(useOwnLack(target.cluster, toChange(target)), t);
  return (
    <MenuItem
      aria-disabled={why === undefined ? undefined : true}
      onClick={why === undefined ? onClick : undefined}
      {...ofList}
    >
      <Look icon={icon} text={text} why={why} />
    </MenuItem>
  );
}
