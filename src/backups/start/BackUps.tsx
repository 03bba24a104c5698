import { Button } from '@mui/material';
import { useSnackbar } from 'notistack';
import { createContext, type ReactNode, useContext, useMemo, useRef, useState } from 'react';
import { useHistory } from 'react-router-dom';
import { refresh, showStarted } from '../../api/queries/queries';
import { connectionTo } from '../../api/session/connection';
import { usePageUrl } from '../../otherClusters/usePageUrl';
import { BACKUP_ROUTE, NAMESPACE_PARAMETER } from '../../routes';
import { useText } from '../../ui/text';
import { RefusalsDialog } from './RefusalsDialog';
import { type How, type Outcome, type Refusal, startAll, type Target } from './start';

/**
 * A button stays what it is for this long after a click: the second click of a double click would hit whatever replaces
 * it. Half a second is what most systems count as one.
 */
const DOUBLE_CLICK_MS = 500;

interface Starting {
  /** Starts backups and tells how that went. A volume that is being started is not started again. */
  backUp(targets: Target[], how?: How): Promise<void>;
  isBusy(target: Target): boolean;
}

const StartingContext = createContext<Starting | undefined>(undefined);

/** @throws Error outside of `BackUps`. */
export function useBackUp(): Starting {
  const starting = useContext(StartingContext);
  if (!starting) throw new Error('useBackUp is called outside of BackUps');
  return starting;
}

const keyOf = ({ cluster, namespace, name }: Target) => `${cluster}/${namespace}/${name}`;

/** Lets everything below it start backups, and tells people how that went. */
export function BackUps({ children }: { children: ReactNode }) {
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const underWay = useRef(new Set<string>());
  const [refused, setRefused] = useState<Refusal[]>([]);
  const tellStarted = useTellStarted();

  const tell = useRef<(outcome: Outcome) => void>(() => undefined);
  tell.current = outcome => {
    tellStarted(outcome.started);
    setRefused(outcome.refused);
  };

  const starting = useMemo((): Starting => {
    async function backUp(targets: Target[], how?: How) {
      const wanted = targets.filter(target => !underWay.current.has(keyOf(target)));
      if (wanted.length === 0) return;
      wanted.forEach(target => underWay.current.add(keyOf(target)));
      setBusy(new Set(underWay.current));
      try {
        const clicksAreOver = new Promise(resolve => setTimeout(resolve, DOUBLE_CLICK_MS));
        const outcome = await startAll(wanted, connectionTo, how);
        tell.current(outcome);
        const clusters = [...new Set(wanted.map(({ cluster }) => cluster))];
        await clicksAreOver;
        for (const cluster of clusters) {
          showStarted(
            cluster,
            outcome.started.filter(run => run.cluster === cluster)
          );
        }
        void Promise.all(clusters.map(refresh));
      } finally {
        wanted.forEach(target => underWay.current.delete(keyOf(target)));
        setBusy(new Set(underWay.current));
      }
    }
    return { backUp, isBusy: target => busy.has(keyOf(target)) };
  }, [busy]);

  return (
    <StartingContext.Provider value={starting}>
      {children}
      <RefusalsDialog refused={refused} onClose={() => setRefused([])} />
    </StartingContext.Provider>
  );
}

/** Headlamp's snackbars are read out by screen readers. */
function useTellStarted(): (started: Outcome['started']) => void {
  const { t } = useText();
  const { enqueueSnackbar, closeSnackbar } = useSnackbar();
  const history = useHistory();
  const pageUrl = usePageUrl();

  return started => {
    const [first] = started;
    if (!first) return;
    const text =
      started.length === 1
        ? t('Backing up {{volume}}', { volume: `${first.namespace}/${first.name}` })
        : t('{{count}} backups started', { count: started.length });
    const watch = () => {
      const { cluster, id, namespace } = first;
      history.push(pageUrl(cluster, BACKUP_ROUTE, { id }, { [NAMESPACE_PARAMETER]: namespace }));
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
  };
}
