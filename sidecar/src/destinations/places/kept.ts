import type { Stage } from '../../../api/index.ts';
import { StageError, textOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Destination } from '../destination.ts';
import type { CallKind } from './breaker.ts';
import { observed } from './observed.ts';

/** A destination that is open, and closed when nobody uses it any more. */
export interface Kept {
  /** Tells how its calls end. */
  readonly destination: Destination;
  /** New settings have replaced it: what uses it may go on; then it is closed. */
  retire(): void;
  /** Closes it at once. Never rejects. */
  close(): Promise<void>;
}

export interface KeepOptions {
  name: string;
  secrets: readonly string[];
  /** How long after its last call a retired destination is closed: a run makes calls with pauses between them. */
  idleMs: number;
  onSuccess(kind: CallKind): void;
  onFailure(kind: CallKind, blamed: 'outage' | 'fault', error: unknown): void;
  log: Pick<Log, 'warn'>;
}

export function keep(opened: Destination, options: KeepOptions): Kept {
  const { name, secrets, idleMs, onSuccess, onFailure, log } = options;
  let underWay = 0;
  let isRetired = false;
  let idle: NodeJS.Timeout | undefined;
  let closed: Promise<void> | undefined;

  const close = (): Promise<void> => {
    clearTimeout(idle);
    return (closed ??= opened.close().catch((error: unknown) => {
      log.warn({ destination: name }, `destination ${name} could not be closed: ${textOf(error)}`);
    }));
  };
  const closeWhenIdle = (): void => {
    clearTimeout(idle);
    if (isRetired && underWay === 0) idle = setTimeout(() => void close(), idleMs).unref();
  };
  return {
    destination: observed(opened, {
      secrets,
      begins(stage) {
        if (closed) throw replaced(stage, name);
        clearTimeout(idle);
        underWay += 1;
      },
      ended() {
        underWay -= 1;
        closeWhenIdle();
      },
      succeeded: onSuccess,
      failed: onFailure,
    }),
    retire() {
      isRetired = true;
      closeWhenIdle();
    },
    close,
  };
}

const replaced = (stage: Stage, name: string): StageError =>
  new StageError(
    stage,
    'DestinationReplaced',
    `destination ${name} has other settings now, or is not configured any more`,
    'nothing to do: NKVM tries again with the present settings',
    'transient'
  );
