import { badRequest } from '../store/failure.ts';
import type { Pod } from '../store/object.ts';
import { containerOf } from './containerOf.ts';
import type { NodeAgent } from './nodeAgent.ts';

/** @returns the lines of a container's log. @throws Failure 400 when there is none yet. */
export function openLog(
  nodes: NodeAgent,
  pod: Pod,
  query: URLSearchParams,
  signal: AbortSignal,
  now: Date
): AsyncIterable<string> {
  const container = containerOf(pod, query.get('container'));
  const isSet = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  const number = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined);
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = query.get('sinceTime');
  const previous = isSet('previous');
  const lines = nodes.log(pod, {
    container,
    previous,
    follow: isSet('follow') && !previous,
    tailLines: number('tailLines'),
    timestamps: isSet('timestamps'),
    since:
      sinceSeconds !== undefined
        ? new Date(now.getTime() - sinceSeconds * 1000)
        : sinceTime
        ? new Date(sinceTime)
        : undefined,
    signal,
  });
  if (lines) return upTo(number('limitBytes'), lines);
  const { name } = pod.metadata;
  if (previous) {
    throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`);
  }
  const waiting = [
    ...(pod.status.initContainerStatuses ?? []),
    ...(pod.status.containerStatuses ?? []),
  ].find(status => status.name === container)?.state?.waiting;
  const reason = waiting?.reason ?? 'ContainerCreating';
  throw badRequest(`container "${container}" in pod "${name}" is waiting to start: ${reason}`);
}

async function* upTo(
  limitBytes: number | undefined,
  lines: AsyncIterable<string>
): AsyncGenerator<string> {
  let left = limitBytes ?? Infinity;
  for await (const line of lines) {
    const bytes = Buffer.from(line);
    yield bytes.length <= left ? line : bytes.subarray(0, left).toString('utf8');
    left -= bytes.length;
    if (left <= 0) return;
  }
}
