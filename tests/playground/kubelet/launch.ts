import { join } from 'node:path';
import type { Container, Pod } from '../store/object.ts';
import { containerEnv, type EnvSources, expand } from './containerEnv.ts';
import { type Mount, rewrite } from './paths.ts';
import type { SpawnOptions } from './processes.ts';

/** How a container's process is started on this machine. */
export interface Launch {
  words: string[];
  options: SpawnOptions;
}

/** What a container without a command does: its image would say what, and here there is nothing in images. */
const WAIT = ['sh', '-c', 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done'];

/**
 * @param home the pod's own directory: where its containers begin.
 * @param path PATH of containers. Of the machine's other variables they see none.
 */
export function launchOf(
  pod: Pod,
  container: Container,
  mounts: readonly Mount[],
  sources: EnvSources,
  { home, path }: { home: string; path: string }
): Launch {
  const declared = containerEnv(pod, container, sources);
  const env: Record<string, string> = {
    PATH: path,
    HOME: home,
    HOSTNAME: pod.metadata.name,
    TMPDIR: join(home, 'tmp'),
  };
  for (const [name, value] of Object.entries(declared)) env[name] = rewrite(value, mounts);

  const { command, args = [], workingDir } = container;
  const words = command?.length ? [...command, ...args] : WAIT;
  const isMounted = workingDir !== undefined && rewrite(workingDir, mounts) !== workingDir;
  return {
    words: words.map(word => rewrite(expand(word, declared), mounts)),
    options: { cwd: isMounted ? rewrite(workingDir, mounts) : home, env },
  };
}
