import { once } from 'node:events';
import { watch } from 'node:fs';
import { onTestFinished } from 'vitest';

/**
 * Stops a process (SIGSTOP) as soon as a name appears in a directory.
 * @param ending how the name ends
 * @returns the name; the process takes no further step until it gets SIGCONT or SIGKILL
 */
export async function stopOnName(pid: number, directory: string, ending: string): Promise<string> {
  const watcher = watch(directory);
  onTestFinished(() => watcher.close());
  for (;;) {
    const [, name] = await once(watcher, 'change');
    if (!String(name).endsWith(ending) || String(name).startsWith('.')) continue;
    process.kill(pid, 'SIGSTOP');
    watcher.close();
    return String(name);
  }
}
