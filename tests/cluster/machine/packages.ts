import { existsSync } from 'node:fs';
import { isOnPath, runAloud, say } from './run.ts';

/** A program that is needed, and the Debian package that brings it. */
type Needs = Readonly<Record<string, string>>;

/** To run nodes. */
export const NODE_PROGRAMS: Needs = {
  containerd: 'containerd',
  runc: 'runc',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
  iptables: 'iptables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  openssl: 'openssl',
};

/** To build images without Docker and without a registry. */
export const IMAGE_PROGRAMS: Needs = { buildah: 'buildah', mmdebstrap: 'mmdebstrap' };

const isThere = (program: string): boolean =>
  program.startsWith('/') ? existsSync(program) : isOnPath(program);

/**
 * Installs what is missing, where that can be done.
 * @throws Error that names the packages, when this is not root's Debian.
 */
export async function installMissing(needs: Needs): Promise<void> {
  const packages = Object.keys(needs)
    .filter(program => !isThere(program))
    .map(program => needs[program]!);
  if (packages.length === 0) return;
  const command = `apt-get install -y ${packages.join(' ')}`;
  if (!isOnPath('apt-get')) {
    throw new Error(
      `${packages.join(', ')} missing: install these by hand, this machine has no apt-get`
    );
  }
  if (process.getuid?.() !== 0)
    throw new Error(`${packages.join(', ')} missing: run as root: ${command}`);
  say(command);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await runAloud('apt-get', ['update', '-q'], { env });
  await runAloud('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], {
    env,
  });
}

/** @throws Error in one line: containers, mounts and networks need root on Linux. */
export function needRoot(what: string): void {
  if (process.platform !== 'linux') {
    throw new Error(`${what} needs Linux: point KUBECONFIG at a cluster of yours instead`);
  }
  if (process.getuid?.() !== 0) {
    throw new Error(
      `${what} needs root: run it with sudo, or point KUBECONFIG at a cluster of yours`
    );
  }
}
