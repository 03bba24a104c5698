import type { Config } from '../config.ts';
import { textOf } from '../errors.ts';
import type { Fence } from '../fence.ts';
import type { WatchedTrail } from '../history/audit/auditTrail.ts';
import { auditTrail } from '../history/audit/auditTrail.ts';
import { openAudit } from '../history/audit/openAudit.ts';
import type { Log } from '../log.ts';
import type { Lifecycle } from './lifecycle.ts';

/** A log of 256 MiB takes a second or two, in short steps. */
const CHECK_MS = 6 * 3_600_000;
const PRUNE_MS = 3_600_000;

export interface StartAudit {
  life: Lifecycle;
  config: Pick<Config, 'metadataDbPath' | 'audit'>;
  cluster: string;
  fence: Fence;
  now: () => Date;
  log: Log;
}

/** Opens the audit log, says in it how it was found, and from then on checks it and deletes what is old. */
export async function startAudit(options: StartAudit): Promise<WatchedTrail> {
  const { life, config, cluster, fence, now, log } = options;
  const { keepMs, maxBytes } = config.audit;
  const { trail } = await life.start({
    name: 'the audit log',
    async start() {
      const audit = await openAudit(config.metadataDbPath, { fence, now });
      const trail = auditTrail({ audit, cluster, now, log });
      const attempt = (work: Promise<unknown>) =>
        void work.catch((error: unknown) =>
          log.error({}, `the audit log could not be checked or pruned: ${textOf(error)}`)
        );
      // Not awaited: nothing waits until all of it is read.
      attempt(trail.start());
      const prune = () => trail.prune({ before: new Date(now().getTime() - keepMs), maxBytes });
      const timers = [
        setInterval(() => attempt(trail.check()), CHECK_MS),
        setInterval(() => attempt(prune()), PRUNE_MS),
      ];
      return { audit, trail, timers };
    },
    async stop({ audit, timers }) {
      timers.forEach(clearInterval);
      await audit.close();
    },
  });
  return trail;
}
