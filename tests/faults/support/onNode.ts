import { readdirSync, readFileSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { kubeletDirectory } from '../../cluster/machine/kubelet.ts';
import type { Node } from '../../cluster/machine/paths.ts';
import { NODES } from '../../cluster/machine/paths.ts';
import { getJson } from '../../cluster/support/kubectl.ts';
import { NAMESPACE } from './namespace.ts';

/** A helper pod as its node sees it. */
export interface HelperOnNode {
  readonly node: Node;
  /** @returns ids on this machine of its processes with that name, e.g. `igzip`. */
  processes(name: string): number[];
  /** Its first process, with which the container ends. */
  readonly init: number;
  /** @returns whether the packing command has written its seal, so that it has ended or is about to. */
  isSealed(): boolean;
}

interface Pod {
  metadata: { uid: string };
  spec: { nodeName: string };
  status: { containerStatuses: { containerID: string }[] };
}

/** Finds the helper of a run: containers are processes of this machine. @throws Error when it does not run. */
export function helperOnNode(runId: string): HelperOnNode {
  const pod = getJson<Pod>('pod', `nkvm-backup-${runId}-1`, `--namespace=${NAMESPACE}`);
  const node = NODES.find(({ name }) => name === pod.spec.nodeName)!;
  const container = pod.status.containerStatuses[0]?.containerID.split('//')[1] ?? 'none';
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => fileOf(pid, 'cgroup').includes(container));
  const init = all.find(pid => /^NSpid:.*\t1$/m.test(fileOf(pid, 'status')));
  if (!init) throw new Error(`nothing of the container ${container} runs on ${node.name}`);
  const seal = `pods/${pod.metadata.uid}/volumes/kubernetes.io~empty-dir/work/seal`;
  return {
    node,
    init,
    processes: name => all.filter(pid => fileOf(pid, 'comm').trim() === name),
    isSealed: () => existsSync(join(kubeletDirectory(node), seal)),
  };
}

/** @returns an empty list for a process that has ended. */
function fileOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
