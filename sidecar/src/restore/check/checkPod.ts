import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadPodLog } from '../../cluster/gateway/podLog.ts';
import type { Pod, Pods } from '../../cluster/gateway/pods.ts';
import { StageError, textOf } from '../../errors.ts';
import {
  HELPER_CONTAINER,
  helperContainer,
  helperLabels,
  helperNames,
  VOLUME_PATH,
} from '../../helper/names.ts';
import { refusalOf } from '../../helper/refusal/refusal.ts';
import { removeHelper } from '../../helper/removeHelper.ts';
import type { HelperSettings } from '../../helper/settings/settings.ts';
import { podState } from '../../helper/wait/podState.ts';
import type { WaitLimits } from '../../helper/wait/waitLimits.ts';
import { waitClock } from '../../helper/wait/waitLimits.ts';

/** A command of a caller, to be run with a restored volume. */
export interface CheckCommand {
  runId: string;
  attempt: number;
  installation: string;
  namespace: string;
  claimName: string;
  image: string;
  command: readonly string[];
  /** The user of the restored files, where that is not root; absent: that of the image. */
  user?: { runAsUser: number; runAsGroup: number };
  /** The kubelet ends the pod after this time, whatever becomes of us. */
  deadlineMs: number;
}

export interface CheckPodWorld {
  pods: Pods;
  readPodLog: ReadPodLog;
  /** How long the pod may take until it runs. */
  waitLimits: WaitLimits;
  /** Milliseconds between two looks at the pod. */
  lookMs?: number | undefined;
}

/**
 * The pod of a check command. It is the image of a caller, so it has less than a helper: no capability at all, no token, no
 * way to more privileges, the volume read-only at `/volume`; only the user is the image's own, or that of the helpers where they
 * are not root, so that it reads what they have written and fits Pod Security level `restricted`. Its root file system can be
 * written to, because tools of databases do, and goes with it. It carries the labels of a helper, so that the sweep deletes
 * one that is left.
 */
export function checkPod(check: CheckCommand): Pod {
  const [name] = helperNames({ ...check, purpose: 'restore' });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-check`,
      labels: helperLabels(check),
      annotations: { 'sidecar.istio.io/inject': 'false' },
    },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: Math.ceil(check.deadlineMs / 1000),
      terminationGracePeriodSeconds: 2,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: HELPER_CONTAINER,
          image: check.image,
          command: [...check.command],
          terminationMessagePolicy: 'FallbackToLogsOnError',
          securityContext: {
            ...(check.user && { ...check.user, runAsNonRoot: true }),
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
          },
          resources: {
            requests: { cpu: '50m', memory: '64Mi' },
            limits: { memory: '1Gi', 'ephemeral-storage': '1Gi' },
          },
          volumeMounts: [{ name: 'volume', mountPath: VOLUME_PATH, readOnly: true }],
        },
      ],
      volumes: [
        {
          name: 'volume',
          persistentVolumeClaim: { claimName: check.claimName, readOnly: true },
        },
      ],
    },
  };
}

/** @returns the user of check pods, by the settings of helpers. */
export const userOf = ({
  runAsUser,
  runAsGroup,
}: Pick<HelperSettings, 'runAsUser' | 'runAsGroup'>): Pick<CheckCommand, 'user'> =>
  runAsUser === 0 ? {} : { user: { runAsUser, runAsGroup } };

const LOOK_MS = 1_000;
const LINES = 50;

/**
 * Runs a check command to its end, and deletes its pod, whatever happens.
 * @param onWorking is called while it runs
 * @returns its exit code, and the end of what it wrote
 * @throws StageError: why the pod could not be created, did not start, or was ended by something else
 */
export async function runCheck(
  check: CheckCommand,
  world: CheckPodWorld,
  { signal, onWorking }: { signal: AbortSignal; onWorking(): void }
): Promise<{ exitCode: number; output: string }> {
  const { namespace } = check;
  const { pods, lookMs = LOOK_MS } = world;
  const pod = await pods.create(namespace, checkPod(check), signal).catch(error => {
    signal.throwIfAborted();
    throw refusalOf(namespace, error);
  });
  const { name = '', uid = '' } = pod.metadata ?? {};
  const clock = waitClock(world.waitLimits, () => performance.now());
  try {
    for (;;) {
      signal.throwIfAborted();
      const seen = await pods.get(namespace, name, signal);
      const mine = seen?.metadata?.uid === uid ? seen : undefined;
      const ended = helperContainer(mine)?.state?.terminated;
      if (ended && ended.reason !== 'OOMKilled' && mine?.status?.reason === undefined) {
        const output = await world
          .readPodLog({ namespace, name, container: HELPER_CONTAINER }, { lines: LINES, signal })
          .catch(error => ended.message ?? `its output could not be read: ${textOf(error)}`);
        return { exitCode: ended.exitCode, output };
      }
      const state = podState(mine);
      if (
        state.kind === 'failed' ||
        (state.kind === 'waiting' && clock.spend(state.cause, state.limitMs) !== undefined)
      ) {
        const { reason, message, hint } = state;
        throw new StageError('exec', reason, message, hint, state.class);
      }
      onWorking();
      await sleep(lookMs, undefined, { signal });
    }
  } finally {
    await removeHelper(pods, namespace, name, uid, { lookMs }).catch(() => undefined); // the sweep looks again
  }
}
