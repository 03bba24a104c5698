import type { Pod } from '../../cluster/gateway/pods.ts';
import type { NodeFact } from '../../cluster/watch/facts.ts';
import { repels, taintText } from './nodeTaints.ts';
import { podName } from './podEnd.ts';
import type { WaitingPod } from './waitingPod.ts';

/**
 * The condition that a helper pod without a node waits for.
 *
 * | the pod | reason |
 * | --- | --- |
 * | must run on a node that is not ready, or is being deleted | NodeNotReady |
 * | anything else | NoNode, with the scheduler's own words |
 *
 * @param nodes of the cluster; empty: not known
 */
export function waitForNode(pod: Pod, nodes: readonly NodeFact[]): WaitingPod {
  const name = podName(pod);
  const only = onlyNodeOf(pod);
  const fact = nodes.find(each => each.name === only);
  const trouble = fact && troubleOf(fact);
  const base = { kind: 'waiting', cause: 'node', node: null, class: 'transient' } as const;
  if (trouble) {
    return {
      ...base,
      note: `waiting for node ${only}: ${trouble}`,
      reason: 'NodeNotReady',
      message: `${name} waits for node ${only}, the only one that can use the volume: ${trouble}`,
      hint: `see why with kubectl describe node ${only}; NKVM tries again by itself`,
    };
  }
  const condition = pod.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False'
  );
  const said = condition
    ? condition.message ?? condition.reason ?? 'no details'
    : 'no scheduler has looked at it yet';
  return {
    ...base,
    note: `waiting for a node: ${said}`,
    reason: 'NoNode',
    message: `${name} cannot be scheduled: ${said}`,
    hint: hintFor(said, nodes),
  };
}

/** @returns why a node cannot take a pod now, whatever the pod tolerates; undefined: it can. */
export function troubleOf(node: NodeFact): string | undefined {
  if (node.terminating) return 'it is being deleted';
  return node.ready ? undefined : 'it is not ready';
}

/** Taints named in a hint. */
const NAMED = 5;

function hintFor(said: string, nodes: readonly NodeFact[]): string {
  if (/ReadWriteOncePod/.test(said)) return 'wait until the pod that uses the claim has ended';
  if (/scheduling gates/i.test(said)) {
    return 'let whatever added scheduling gates to the pod remove them, or leave helper pods alone';
  }
  if (/taint/.test(said)) {
    const taints = nodes
      .filter(node => troubleOf(node) === undefined)
      .flatMap(({ name, taints = [] }) =>
        taints.filter(repels).map(taint => `${taintText(taint)} of node ${name}`)
      );
    const more = taints.length > NAMED ? ` and ${taints.length - NAMED} more` : '';
    const which =
      taints.length === 0
        ? 'a taint of a node (kubectl describe node)'
        : `${taints.length > 1 ? 'one of the taints' : 'the taint'} ${taints
            .slice(0, NAMED)
            .join(', ')}${more}`;
    return `let helper pods tolerate ${which} with NKVM_HELPER_TOLERATIONS, or make room on another node`;
  }
  return 'make room on a node that can reach the volume (kubectl describe pv), or wait until one is free';
}

/** @returns the node that the pod is bound to by its name. */
function onlyNodeOf(pod: Pod): string | undefined {
  const terms =
    pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      ?.nodeSelectorTerms ?? [];
  const [field] = terms.length === 1 ? terms[0]?.matchFields ?? [] : [];
  return field?.key === 'metadata.name' && field.values?.length === 1 ? field.values[0] : undefined;
}
