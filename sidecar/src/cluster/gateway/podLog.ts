import type { Gateway } from './gateway.ts';
import { pathOf } from './gateway.ts';

/** @returns the end of what a container has written. @throws ApiFailure. */
export type ReadPodLog = (
  pod: { namespace: string; name: string; container: string },
  options: { lines: number; signal?: AbortSignal }
) => Promise<string>;

/** Enough for any output that a person reads. */
const MOST_BYTES = 64 * 1024;
const SILENCE_MS = 10_000;
/** A log that trickles on for ever is cut off. */
const LIMIT_MS = 60_000;

export const podLogsOf =
  (gateway: Pick<Gateway, 'stream'>): ReadPodLog =>
  async ({ namespace, name, container }, { lines, signal }) => {
    const path = pathOf('/api/v1/namespaces', namespace, 'pods', name, 'log');
    const query = { container, tailLines: `${lines}` };
    const limit = AbortSignal.timeout(LIMIT_MS);
    const answer = await gateway.stream({
      ...{ path, query, silenceMs: SILENCE_MS },
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    let text = '';
    for await (const chunk of answer.setEncoding('utf8')) text = (text + chunk).slice(-MOST_BYTES);
    return text;
  };
