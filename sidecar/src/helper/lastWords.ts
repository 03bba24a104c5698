import type { Pod, PodEvent } from '../cluster/pods.ts';

/** What a helper, and Kubernetes about it, has said until it came to an end. */
export interface Heard {
  /** Standard error of the packing command. */
  command: string;
  /** tar's own words, from the seal. */
  tar: readonly string[];
  /** The pod as it was seen last. */
  pod?: Pod | undefined;
  events: readonly PodEvent[];
}

const MOST_LINES = 20;
const LONGEST_LINE = 500;

/**
 * Puts together what a person reads first at 3 a.m.: the words of the command, of tar, of the pod and of its warnings,
 * the last 20 lines of each, each line with where it comes from.
 * @returns undefined when nobody has said anything.
 */
export function lastWordsOf({ command, tar, pod, events }: Heard): string | undefined {
  const warnings = events.filter(({ type }) => type === 'Warning');
  const lines = [
    ...last(command.split('\n')).map(line => `command: ${line}`),
    ...last(tar).map(line => `seal: ${line}`),
    ...last(podLines(pod)).map(line => `pod: ${line}`),
    ...last(warnings.map(({ reason, message }) => `${reason}: ${message}`)).map(
      line => `event: ${line}`
    ),
  ];
  return lines.length > 0 ? lines.join('\n') : undefined;
}

const last = (lines: readonly string[]): string[] =>
  lines
    .map(line => line.trimEnd().replaceAll('\n', ' ').slice(0, LONGEST_LINE))
    .filter(line => line !== '')
    .slice(-MOST_LINES);

/** A pod that lives on has nothing to say. */
function podLines(pod: Pod | undefined): string[] {
  const { phase, reason, message, containerStatuses } = pod?.status ?? {};
  const { terminated, waiting } = containerStatuses?.[0]?.state ?? {};
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
