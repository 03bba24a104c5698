import { expect, it } from 'vitest';
import type { TaintFact } from '../../cluster/watch/facts.ts';
import { taintText, tolerationsFor } from './nodeTaints.ts';

it.each<[string, TaintFact, boolean]>([
  ['for other pods', { key: 'dedicated', value: 'db', effect: 'NoSchedule' }, true],
  ['that ends pods', { key: 'dedicated', value: 'db', effect: 'NoExecute' }, true],
  ['without a value', { key: 'spot', effect: 'NoSchedule' }, true],
  ['of a cordon', { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }, true],
  [
    'of a control plane',
    { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
    true,
  ],
  [
    'of a node that is not ready',
    { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
    false,
  ],
  ['of a lost node', { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }, false],
  ['of a full node', { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' }, false],
  ['of a node that goes', { key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }, false],
  ['of a node that is replaced', { key: 'karpenter.sh/disrupted', effect: 'NoSchedule' }, false],
  [
    'of a node without a network',
    { key: 'node.cilium.io/agent-not-ready', effect: 'NoExecute' },
    false,
  ],
])('a taint %s', (_, taint, isTolerated) => {
  const { key, value, effect } = taint;
  expect(tolerationsFor([taint])).toEqual(
    isTolerated
      ? [
          value === undefined
            ? { key, operator: 'Exists', effect }
            : { key, operator: 'Equal', value, effect },
        ]
      : []
  );
});

it('is written as kubectl writes it', () => {
  expect(taintText({ key: 'a/b', value: 'c', effect: 'NoExecute' })).toBe('a/b=c:NoExecute');
  expect(taintText({ key: 'a', effect: 'NoSchedule' })).toBe('a:NoSchedule');
});
