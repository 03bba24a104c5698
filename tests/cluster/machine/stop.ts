import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeCgroups } from './cgroups.ts';
import { runtimeDirectory } from './containerd.ts';
import { removeNetwork } from './network.ts';
import { containerdSocket, type Node, NODES, RUN, STATE } from './paths.ts';
import { killStarted } from './processes.ts';
import { run, succeeds } from './run.ts';

/** The kubelet links the logs of containers here, whatever its `podLogsDir`. */
const LOG_LINKS = '/var/log/containers';

/** Ends everything of the test cluster, in whatever state it is, and nothing else. Needs no part of it to answer. */
export async function removeEverything(): Promise<void> {
  killStarted();
  for (const node of NODES) {
    killShims(node);
    await removeCgroups(node);
    removeShimSockets(node);
  }
  unmountBelow(RUN, STATE);
  removeNetwork();
  removeLogLinks();
  for (const directory of [RUN, STATE]) run('rm', ['-rf', '--one-file-system', directory]);
}

/** A shim watches one pod's containers and outlives containerd. It is known by the socket that it reports to. */
function killShims(node: Node): void {
  for (const pid of entriesOf('/proc').filter(name => /^\d+$/.test(name))) {
    const words = textOf(join('/proc', pid, 'cmdline')).split('\0');
    const isShim = words[0]?.includes('containerd-shim') && words.includes(containerdSocket(node));
    if (isShim) process.kill(Number(pid), 'SIGKILL');
  }
}

/** Shims of all containerds of a machine have their sockets in one directory: take ours from their records. */
function removeShimSockets(node: Node): void {
  const bundles = join(runtimeDirectory(node), 'io.containerd.runtime.v2.task/k8s.io');
  for (const id of entriesOf(bundles)) {
    const [, socket] = textOf(join(bundles, id, 'address')).split('unix://');
    if (socket) rmSync(socket, { force: true });
  }
}

function unmountBelow(...directories: string[]): void {
  const mounts = textOf('/proc/mounts')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '');
  const ours = mounts.filter(mount =>
    directories.some(directory => mount.startsWith(`${directory}/`))
  );
  // the innermost first; `/proc/mounts` writes a space as \040
  for (const mount of ours.reverse())
    succeeds('umount', ['--lazy', mount.replaceAll('\\040', ' ')]);
}

function removeLogLinks(): void {
  for (const name of entriesOf(LOG_LINKS)) {
    const link = join(LOG_LINKS, name);
    if (readlinkSync(link).startsWith(`${STATE}/`)) rmSync(link);
  }
}

/** @returns nothing for a directory that is not there. */
function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** @returns nothing for a file that is not there; processes come and go. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
