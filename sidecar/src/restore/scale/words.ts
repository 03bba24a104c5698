import type { WorkloadRef } from '../../cluster/inventory/workloads.ts';
import type { Intent } from './intent.ts';

/** @returns e.g. `Deployment shop/web`. */
export const nameOf = ({
  kind,
  namespace,
  name,
}: Omit<WorkloadRef, 'kind'> & { kind: string }): string => `${kind} ${namespace}/${name}`;

/** @returns a sentence about a workload, which begins with `nameOf` of it, without the name. */
export function withoutWorkload(sentence: string): string {
  const [of, name] =
    /^(?:Deployment|StatefulSet|ReplicaSet|CronJob) [^/ ]+\/([^/ ]+) /.exec(sentence) ?? [];
  if (of === undefined || name === undefined) return sentence;
  const quoted = name.replaceAll('.', '\\.');
  return `a workload ${sentence.slice(of.length)}`.replaceAll(
    new RegExp(`(?<![\\w.-])${quoted}(?![\\w-])`, 'g'),
    '…'
  );
}

/** @returns e.g. `2 replicas`, `resumed`. */
export const levelText = (level: Intent['was']): string => {
  if ('suspend' in level) return level.suspend ? 'suspended' : 'not suspended';
  return level.replicas === 1 ? '1 replica' : `${level.replicas} replicas`;
};

/** @returns the command with which a person sets a workload back. */
export function commandFor({ kind, namespace, name }: WorkloadRef, was: Intent['was']): string {
  const what = kind.toLowerCase();
  return 'suspend' in was
    ? `kubectl patch ${what} ${name} -n ${namespace} -p '{"spec":{"suspend":${was.suspend}}}'`
    : `kubectl scale ${what} ${name} -n ${namespace} --replicas ${was.replicas}`;
}

/** @returns `one, two and 3 more`. */
export function someOf(names: readonly string[], most = 5): string {
  if (names.length <= most) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}
