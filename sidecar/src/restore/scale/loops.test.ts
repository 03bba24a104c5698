import { describe, expect, it } from 'vitest';
import type { Autoscaler, ManagedFields, Workload } from '../../cluster/inventory/workloads.ts';
import { testWorkload } from '../../testing/cluster/testWorkload.ts';
import { loopsOf, warningOf, whoStarted } from './loops.ts';
import { scaledBack } from './scaledBack.ts';

/** As the API server keeps it for an object that Argo CD 2.11 has applied (server-side apply off). */
const byArgo: ManagedFields = {
  manager: 'argocd-controller',
  operation: 'Update',
  subresource: undefined,
  time: '2026-11-26T10:00:00Z',
  fields: { 'f:metadata': { 'f:labels': {} }, 'f:spec': { 'f:template': {} } },
};
const fields = (
  manager: string,
  time: string,
  spec: object,
  subresource?: string
): ManagedFields => ({
  manager,
  operation: 'Update',
  subresource,
  time,
  fields: { 'f:spec': spec },
});
const replicas = { 'f:replicas': {} };

const hpa: Autoscaler = {
  name: 'web-hpa',
  target: { kind: 'Deployment', name: 'web' },
  ownerReferences: [],
};
const keda: Autoscaler = {
  ...hpa,
  name: 'keda-hpa-web',
  ownerReferences: [{ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'web' }],
};
const owner = (apiVersion: string, kind: string) => ({
  ownerReferences: [{ apiVersion, kind, name: 'x', controller: true }],
});
const FLUX = 'kustomize.toolkit.fluxcd.io';

describe('who may start a workload again', () => {
  it.each<[string, Partial<Workload>, Autoscaler[], string[]]>([
    ['nobody', {}, [], []],
    ['nobody, for a Helm chart', { labels: { 'app.kubernetes.io/instance': 'shop' } }, [], []],
    [
      'Argo CD, by its tracking id',
      { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/web' } },
      [],
      ['Argo CD application shop'],
    ],
    [
      'Argo CD, by its label',
      { labels: { 'argocd.argoproj.io/instance': 'shop' } },
      [],
      ['Argo CD application shop'],
    ],
    [
      'Argo CD with its default label, by what it has written',
      { labels: { 'app.kubernetes.io/instance': 'shop' }, managedFields: [byArgo] },
      [],
      ['Argo CD application shop'],
    ],
    ['Argo CD without any mark', { managedFields: [byArgo] }, [], ['Argo CD']],
    [
      'Flux, by a Kustomization',
      { labels: { [`${FLUX}/name`]: 'apps', [`${FLUX}/namespace`]: 'flux-system' } },
      [],
      ['Flux Kustomization flux-system/apps'],
    ],
    [
      'Flux, by a HelmRelease',
      { labels: { 'helm.toolkit.fluxcd.io/name': 'web' } },
      [],
      ['Flux HelmRelease web'],
    ],
    [
      'nobody, where Flux was told to leave it',
      {
        labels: { [`${FLUX}/name`]: 'apps' },
        annotations: { [`${FLUX}/reconcile`]: 'disabled' },
        managedFields: [{ ...byArgo, manager: 'kustomize-controller' }],
      },
      [],
      [],
    ],
    [
      'Flux without a label',
      { managedFields: [{ ...byArgo, manager: 'helm-controller', operation: 'Apply' }] },
      [],
      ['Flux'],
    ],
    [
      'an operator',
      owner('monitoring.coreos.com/v1', 'Prometheus'),
      [],
      ['the operator of Prometheus x (monitoring.coreos.com)'],
    ],
    ['nobody, for owners of Kubernetes itself', owner('apps/v1', 'Deployment'), [], []],
    ['nobody, for owners of its own groups', owner('gateway.networking.k8s.io/v1', 'G'), [], []],
    ['an autoscaler', {}, [hpa], ['HorizontalPodAutoscaler web-hpa']],
    ['KEDA', {}, [keda], ['KEDA ScaledObject web']],
    ['no autoscaler of another kind', { kind: 'StatefulSet' }, [hpa], []],
    ['no autoscaler of another one', { name: 'api' }, [hpa], []],
    [
      'several',
      { labels: { 'argocd.argoproj.io/instance': 'shop' } },
      [hpa],
      ['Argo CD application shop', 'HorizontalPodAutoscaler web-hpa'],
    ],
  ])('%s', (_, workload, autoscalers, expected) => {
    expect(loopsOf(testWorkload(workload), autoscalers).map(({ name }) => name)).toEqual(expected);
  });

  it('is a warning with what to do about it', () => {
    const workload = testWorkload({ labels: { 'argocd.argoproj.io/instance': 'shop' } });
    expect(warningOf(loopsOf(workload, []))).toBe(
      'Argo CD application shop may start it again meanwhile; the restore then ends before it writes. ' +
        'switch off its self-heal for the time of the restore: argocd app set shop --self-heal=false'
    );
    expect(warningOf(loopsOf(testWorkload(), [hpa]))).toBe(
      'HorizontalPodAutoscaler web-hpa sets its replicas, and pauses while it has no replicas'
    );
    expect(warningOf([])).toBeNull();
  });
});

describe('who has started a workload', () => {
  const ours = fields('nkvm', '2026-11-26T10:00:00Z', replicas);
  const scaled = fields('argocd-controller', '2026-11-26T10:00:02Z', replicas);
  it.each<[string, Partial<Workload>, string | undefined]>([
    ['the field’s owner', { managedFields: [byArgo, scaled] }, 'argocd-controller'],
    [
      'the latest of several',
      { managedFields: [fields('old', '2020-01-01T00:00:00Z', replicas), scaled] },
      'argocd-controller',
    ],
    ['never ourselves', { managedFields: [ours] }, undefined],
    [
      'by way of the subresource',
      {
        managedFields: [
          fields('kube-controller-manager', '2026-11-26T10:00:02Z', replicas, 'scale'),
        ],
      },
      'kube-controller-manager',
    ],
    [
      'of a CronJob, by its own field',
      {
        kind: 'CronJob',
        managedFields: [scaled, fields('x', '2026-11-26T10:00:00Z', { 'f:suspend': {} })],
      },
      'x',
    ],
    ['nobody, where the API server does not say', {}, undefined],
  ])('%s', (_, workload, expected) => {
    expect(whoStarted(testWorkload(workload))?.manager).toBe(expected);
  });

  it('is named with the loop that it belongs to', () => {
    const workload = testWorkload({
      labels: { 'argocd.argoproj.io/instance': 'shop' },
      managedFields: [scaled],
    });
    const { reason, message, hint } = scaledBack(workload, loopsOf(workload, [hpa]));
    expect(reason).toBe('ScaledBack');
    expect(message).toBe(
      'Deployment shop/web was set back to 2 replicas by argocd-controller (Argo CD application shop) at 2026-11-26T10:00:02Z while a restore had it stopped'
    );
    expect(hint).toContain('argocd app set shop');
  });

  it('is not blamed on a loop that has not signed the change', () => {
    const workload = testWorkload({
      labels: { 'argocd.argoproj.io/instance': 'shop' },
      managedFields: [fields('kubectl', '2026-11-26T10:00:02Z', replicas)],
    });
    expect(scaledBack(workload, loopsOf(workload, [])).message).toContain(
      'by kubectl (perhaps Argo CD application shop)'
    );
    expect(scaledBack(testWorkload(), []).hint).toContain('--show-managed-fields');
  });
});
