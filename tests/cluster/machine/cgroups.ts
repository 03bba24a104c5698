import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import { type Node } from './paths.ts';

const ROOT = '/sys/fs/cgroup';

/** All containers of a node run below this cgroup, and nothing else does. */
export const cgroupOf = (node: Node): string => `nkvm-${node.name}`;

/** One directory for each hierarchy: a single one in cgroup v2, one for each controller in v1. */
function directoriesOf(node: Node): string[] {
  const isV2 = existsSync(join(ROOT, 'cgroup.controllers'));
  const hierarchies = isV2 ? [ROOT] : subdirectories(ROOT);
  return hierarchies.map(hierarchy => join(hierarchy, cgroupOf(node)));
}

/** Makes the cgroup that the kubelet of `node` puts its pods below. */
export function makeCgroups(node: Node): void {
  for (const directory of directoriesOf(node)) {
    mkdirSync(directory, { recursive: true });
    // in v1 a new cpuset is empty, and an empty one takes no process
    for (const set of ['cpuset.cpus', 'cpuset.mems']) {
      const own = join(directory, set);
      if (!existsSync(own) || readFileSync(own, 'utf8').trim() !== '') continue;
      writeFileSync(own, readFileSync(join(directory, '..', set)));
    }
  }
}

/** Ends every process of the node's containers and takes its cgroups away. */
export async function removeCgroups(node: Node): Promise<void> {
  for (const directory of directoriesOf(node).filter(existsSync)) {
    await until(`${directory} is empty`, () => processesBelow(directory).every(kill), 10_000);
    removeTree(directory);
  }
}

const subdirectories = (directory: string): string[] =>
  readdirSync(directory, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => join(directory, entry.name));

const processesBelow = (directory: string): number[] => [
  ...readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number),
  ...subdirectories(directory).flatMap(processesBelow),
];

/** @returns whether it is gone already. */
function kill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return false;
  } catch {
    return true;
  }
}

function removeTree(directory: string): void {
  subdirectories(directory).forEach(removeTree);
  rmdirSync(directory);
}
