import { visible } from '../../api/visible.ts';
import type { Pod, PodEvent } from '../cluster/gateway/pods.ts';
import { helperContainer } from './names.ts';

/** Everything that tells how a helper came to its end. */
export interface Observed {
  /** Standard error of the command in the helper. */
  command: string;
  /** The pod as it was seen last. */
  pod?: Pod | undefined;
  events: readonly PodEvent[];
}

const MOST_LINES = 20;
const LONGEST_LINE = 500;

/**
 * Puts together what a person reads first at 3 a.m.: the output of the command, the state of the pod and its warnings, the
 * last 20 lines of each, each line with where it comes from. tar's messages are not among them: they name files.
 * @returns undefined when there is nothing.
 */
export function lastOutputOf({ command, pod, events }: Observed): string | undefined {
  const warnings = events.filter(({ type }) => type === 'Warning');
  const lines = [
    ...last(command.split('\n')).map(line => `command: ${line}`),
    ...last(podLines(pod)).map(line => `pod: ${line}`),
    ...last(warnings.map(({ reason, message }) => `${reason}: ${message}`)).map(
      line => `event: ${line}`
    ),
  ];
  return lines.length > 0 ? lines.join('\n') : undefined;
}

const last = (lines: readonly string[]): string[] =>
  lines
    .map(line => visible(line.trimEnd().replaceAll('\n', ' ')).slice(0, LONGEST_LINE))
    .filter(line => line !== '')
    .slice(-MOST_LINES);

/** Nothing about a pod that runs. */
function podLines(pod: Pod | undefined): string[] {
  const { phase, reason, message } = pod?.status ?? {};
  const { terminated, waiting } = helperContainer(pod)?.state ?? {};
  return [
    ...(reason || message ? [sentence(phase, reason, message)] : []),
    ...(waiting ? [sentence('waiting', waiting.reason, waiting.message)] : []),
    ...(terminated
      ? [
          sentence(
            `ended with exit code ${terminated.exitCode}`,
            terminated.reason,
            terminated.message
          ),
        ]
      : []),
  ];
}

const sentence = (...parts: (string | undefined)[]): string => parts.filter(Boolean).join(': ');
