import type { Config } from '../config.ts';
import type { PushListener } from '../helper/push/listener.ts';
import { listenForHelpers } from '../helper/push/listener.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Lifecycle } from './lifecycle.ts';

/** Opens the port to which helper pods connect. @returns undefined where the settings have none. */
export async function startPush(
  life: Lifecycle,
  { push, http }: Pick<Config, 'push' | 'http'>,
  { log, metrics }: { log: Log; metrics: Pick<Metrics, 'pushRefused'> }
): Promise<PushListener | undefined> {
  if (!push) return undefined;
  const listener = await life.start({
    name: 'the port of helper pods',
    start: () =>
      listenForHelpers({ listenOn: http.host, ...push, log, onRefused: metrics.pushRefused }),
    stop: opened => opened.stop(),
  });
  log.info({ address: listener.where }, 'helper pods can push');
  return listener;
}
