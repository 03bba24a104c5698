import { restoreCommand } from '../archive/restoreCommand.ts';
import type { Config } from '../config.ts';
import { localPlace } from '../destinations/directory/local.ts';
import type { Fence } from '../fence.ts';
import type { History } from '../history/history.ts';
import { openHistory } from '../history/openHistory.ts';
import type { Log } from '../log.ts';
import type { Lifecycle } from './lifecycle.ts';

/**
 * Kubernetes gives the pod 60 s. Runs delete their helpers (runs.ts: 32 s), the history writes a last checkpoint, and the Lease
 * must be given back even if all of that takes as long as it may.
 */
const STOP_MS = 8_000;

export interface StartHistory {
  config: Pick<Config, 'backupDir'>;
  fence: Fence;
  log: Log;
}

/** Opens the history of a cluster: the file `path`, and the files beside it. */
export const startHistory = (
  life: Lifecycle,
  path: string,
  { config, fence, log }: StartHistory
): Promise<History> =>
  life.start({
    name: 'the history',
    start: () =>
      openHistory(path, {
        onNotice: notice => log.warn(notice, notice.message),
        restoreCommand,
        fence,
        destinations: [localPlace(config.backupDir)],
      }),
    stop: opened => opened.close(),
    stopLimitMs: STOP_MS,
  });
