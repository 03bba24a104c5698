import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { identityOf } from '../../cluster/machine/processes.ts';
import { until } from '../../cluster/support/until.ts';
import type { HelperOnNode } from './onNode.ts';

const MEMORY_CGROUPS = '/sys/fs/cgroup/memory';

/**
 * Fills the memory of a helper beyond its limit, from processes that its container does not know of, until the kernel
 * has killed every process of the container. Where nodes have cgroup v2, the kubelet asks for that at the first (since
 * 1.28: memory.oom.group).
 * @throws Error when the kernel has not done so within 30 s.
 */
export async function runOutOfMemory(helper: HelperOnNode): Promise<void> {
  const memory = /^\d+:memory:(.*)$/m.exec(readFileSync(`/proc/${helper.init}/cgroup`, 'utf8'));
  if (!memory) throw new Error('only known for cgroup v1');
  const procs = `${MEMORY_CGROUPS}${memory[1]}/cgroup.procs`;
  const fill = ['-c', 'echo $$ >"$1" && exec dd if=/dev/zero of=/dev/null bs=80M', 'fill', procs];
  // Each is smaller than the limit: the kernel rather kills a process of a pod than one of these.
  const hogs = [spawn('sh', fill), spawn('sh', fill)];
  try {
    await until('the helper is killed', () => !identityOf(helper.init), 30_000);
  } finally {
    hogs.forEach(hog => hog.kill('SIGKILL'));
  }
}
