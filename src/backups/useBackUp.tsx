import { Icon } from '@iconify/react';
import { Router } from '@kinvolk/headlamp-plugin/lib';
import { Box, Button, IconButton } from '@mui/material';
import { useSnackbar } from 'notistack';
import { useRef, useState } from 'react';
import { useHistory } from 'react-router-dom';
import { connectionTo } from '../api/connection';
import { refresh } from '../api/queries';
import { BACKUP_ROUTE, NAMESPACE_PARAMETER } from '../routes';
import { closeIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { type Outcome, startAll, type Target } from './start';

/**
 * The list is not asked anew before this has passed since the click: the second click of a double click would hit what
 * stands in the button's place then. Half a second is what most systems count as one.
 */
const DOUBLE_CLICK_MS = 500;

/** Starts backups and tells how that went. A second click while the first is under way does nothing. */
export function useBackUp(): { backUp(targets: Target[]): Promise<void>; isBusy: boolean } {
  const tell = useTell();
  const isUnderWay = useRef(false);
  const [isBusy, setBusy] = useState(false);

  async function backUp(targets: Target[]) {
    if (isUnderWay.current || targets.length === 0) return;
    isUnderWay.current = true;
    setBusy(true);
    try {
      const clicksAreOver = new Promise(resolve => setTimeout(resolve, DOUBLE_CLICK_MS));
      tell(await startAll(targets, cluster => connectionTo(cluster).client));
      await clicksAreOver;
      const clusters = new Set(targets.map(({ cluster }) => cluster));
      await Promise.all([...clusters].map(refresh));
    } finally {
      isUnderWay.current = false;
      setBusy(false);
    }
  }

  return { backUp, isBusy };
}

/** Two snackbars at most: what has started passes by, what was refused stays until somebody has read it. */
function useTell() {
  const { t } = useText();
  const { enqueueSnackbar, closeSnackbar } = useSnackbar();
  const history = useHistory();

  return ({ started, refused }: Outcome) => {
    const [first] = started;
    if (first) {
      const text =
        started.length === 1
          ? t('Backup of {{volume}} is under way', { volume: `${first.namespace}/${first.name}` })
          : t('{{count}} backups are under way', { count: started.length });
      const watch = () => {
        const url = Router.createRouteURL(BACKUP_ROUTE.name, {
          id: first.id,
          cluster: first.cluster,
        });
        history.push(`${url}?${NAMESPACE_PARAMETER}=${first.namespace}`);
      };
      enqueueSnackbar(text, {
        variant: 'success',
        action: key =>
          started.length === 1 && (
            <Button
              color="inherit"
              size="small"
              onClick={() => {
                closeSnackbar(key);
                watch();
              }}
            >
              {t('Watch')}
            </Button>
          ),
      });
    }
    if (refused.length > 0) {
      enqueueSnackbar(
        <Refusals
          title={t('{{count}} backups were not started', { count: refused.length })}
          of={refused}
        />,
        {
          variant: 'error',
          persist: true,
          action: key => (
            <IconButton color="inherit" aria-label={t('Close')} onClick={() => closeSnackbar(key)}>
              <Icon icon={closeIcon} />
            </IconButton>
          ),
        }
      );
    }
  };
}

/** Snackbars stand outside of our pages: they get their text. */
function Refusals({ title, of }: { title: string; of: Outcome['refused'] }) {
  return (
    <Box sx={{ maxWidth: 560, overflowWrap: 'anywhere' }}>
      {title}
      <Box component="ul" sx={{ m: 0, mt: 0.5, pl: 2.5 }}>
        {of.map(({ target, message }) => (
          <li key={`${target.cluster}/${target.namespace}/${target.name}`}>
            <strong>
              {target.namespace}/{target.name}
            </strong>{' '}
            {message}
          </li>
        ))}
      </Box>
    </Box>
  );
}
