import { expect, it } from 'vitest';
import type { ObjectMetadata } from '../api/objects';
import { type Manager, managerOf } from './manager';

const owns = (manager: string, ...labels: string[]) => ({
  manager,
  fieldsV1: {
    'f:metadata': { 'f:labels': Object.fromEntries(labels.map(label => [`f:${label}`, {}])) },
  },
});
const tool = (name: string): Manager => ({ kind: 'tool', name });

it.each<[string, ObjectMetadata, string | undefined, Manager | undefined]>([
  ['nothing', {}, undefined, undefined],
  ['Argo CD', { managedFields: [owns('argocd-controller', 'app')] }, undefined, tool('Argo CD')],
  ['Flux', { managedFields: [owns('kustomize-controller')] }, undefined, tool('Flux')],
  ['Flux (Helm)', { managedFields: [owns('helm-controller')] }, undefined, tool('Flux (Helm)')],
  ['Helm', { managedFields: [owns('helm')] }, undefined, tool('Helm')],
  [
    'Argo CD that applies as kubectl does',
    { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:/PersistentVolumeClaim:shop/a' } },
    undefined,
    tool('Argo CD'),
  ],
  [
    'any tool that sets this label',
    { managedFields: [owns('acme', 'backup')] },
    undefined,
    tool('acme'),
  ],
  [
    'any tool that sets other labels',
    { managedFields: [owns('acme', 'app')] },
    undefined,
    undefined,
  ],
  [
    'a person at the shell',
    { managedFields: [owns('kubectl-label', 'backup')] },
    undefined,
    undefined,
  ],
  ['a person at this page', { managedFields: [owns('Mozilla', 'backup')] }, undefined, undefined],
  ['the template of a StatefulSet', {}, 'db', { kind: 'template', name: 'db' }],
  ['a StatefulSet that only mounts it', {}, 'other', undefined],
])('the labels of a claim may be managed by %s', (_, metadata, usedBy, expected) => {
  expect(managerOf({ name: 'data-db-0', ...metadata }, usedBy)).toEqual(expected);
});
