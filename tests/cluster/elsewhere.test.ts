import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { SIDECAR_LABELS } from '../../sidecar/api/names.ts';
import { ROOT } from '../docs/support/blocks.ts';
import type { Checkout } from './support/installPage.ts';
import { blocksOfTest, freshCheckout } from './support/installPage.ts';
import { kubectl } from './support/kubectl.ts';

/** The kustomizations of docs/operations/install.md for an NKVM in another place, in their order. */
const BLOCKS = blocksOfTest('tests/cluster/elsewhere.test.ts');
const HOME = 'backup-system';

interface Thing {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  subjects?: { kind: string; name: string; namespace?: string }[];
  rules?: { resourceNames?: string[] }[];
}

let checkout: Checkout;
beforeAll(() => {
  checkout = freshCheckout();
});
afterAll(() => checkout.remove());

/** Runs the block of the page that has `part`, as a person would. */
function run(part: string): void {
  const found = BLOCKS.filter(({ text }) => text.includes(part));
  expect(found, part).toHaveLength(1);
  checkout.run(found[0]?.text ?? '');
}

function rendered(name: string): Thing[] {
  const text = kubectl(['kustomize', join(checkout.dir, name)]);
  return parseAllDocuments(text).map(document => document.toJS() as Thing);
}

/** Values of all fields that are called `namespace`, and names of namespaces. */
function namespacesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = value as { kind?: unknown; namespace?: unknown; metadata?: { name?: string } };
  return [
    ...(typeof own.namespace === 'string' ? [own.namespace] : []),
    ...(own.kind === 'Namespace' ? [own.metadata?.name ?? ''] : []),
    ...Object.values(value).flatMap(namespacesIn),
  ];
}
const namespacesOf = (things: Thing[]) => [...new Set(things.flatMap(namespacesIn))].sort();
const kindsOf = (things: Thing[]) => new Set(things.map(({ kind }) => kind));

describe('NKVM in another namespace', () => {
  it('takes all of deploy/k8s, cluster-wide and monitoring with it', () => {
    run('>elsewhere/kustomization.yaml');
    const things = rendered('elsewhere');
    expect(namespacesOf(things)).toEqual([HOME]);
    const namesOf = (of: string) =>
      things.filter(({ kind }) => kind === of).map(({ metadata }) => metadata.name);
    expect(namesOf('RoleBinding')).toContain('nkvm-door');
    const everywhere = [
      'admin',
      'auth-delegator',
      'cluster-discovery',
      'metrics',
      'restore',
      'runtime',
    ];
    expect(namesOf('ClusterRoleBinding').sort()).toEqual(
      everywhere.map(name => `nkvm-${name}.${HOME}`)
    );
    const service = things.find(({ kind }) => kind === 'Service');
    expect(service?.metadata.labels).toMatchObject(SIDECAR_LABELS);
  });

  it.each(['schedule', 'k8s/remote', 'monitoring/operator'])('takes deploy/%s with it', page => {
    const name = page.replace('/', '-');
    mkdirSync(join(checkout.dir, name));
    checkout.write(name, { namespace: HOME, resources: [`../deploy/${page}`] });
    expect(namespacesOf(rendered(name))).toEqual([HOME]);
  });

  it('has automatic restores in a namespace beside it', () => {
    run('mkdir -p elsewhere-restores');
    const things = rendered('elsewhere-restores');
    expect(namespacesOf(things)).toEqual([HOME, `${HOME}-restores`]);
    const subjects = things.flatMap(thing => thing.subjects ?? []);
    expect(new Set(subjects.map(({ namespace }) => namespace))).toEqual(new Set([HOME]));
    expect(kindsOf(things)).toContain('MutatingAdmissionPolicy');
  });

  it('has automatic restores by the webhook, too', () => {
    run('elsewhere-webhook/kustomization.yaml');
    const restores = rendered('elsewhere-restores');
    expect([...kindsOf(restores)].filter(kind => kind.startsWith('Mutating'))).toEqual([]);
    expect(kindsOf(restores)).toContain('CustomResourceDefinition');
    const things = rendered('elsewhere-webhook');
    expect(namespacesOf(things)).toEqual([HOME]);
    const [webhook] = things.filter(({ kind }) => kind === 'MutatingWebhookConfiguration');
    const text = JSON.stringify(webhook);
    expect(text).toContain(`"cert-manager.io/inject-ca-from":"${HOME}/nkvm-webhook"`);
    expect(text.match(/"values":\["[^"]+","kube-system"\]/g)).toEqual([
      `"values":["${HOME}","kube-system"]`,
      `"values":["${HOME}","kube-system"]`,
    ]);
  });

  it('is the same as before in its usual place', () => {
    const webhook = kubectl(['kustomize', join(ROOT, 'deploy/k8s/zero-touch-webhook')]);
    expect(webhook.match(/^kind: \w+/gm)?.sort()).toEqual(
      expect.arrayContaining(['kind: MutatingWebhookConfiguration', 'kind: NetworkPolicy'])
    );
    expect(webhook).not.toContain('MutatingAdmissionPolicy');
  });
});

it('a Service with another name is the one that the Role opens', () => {
  run('>renamed/kustomization.yaml');
  const things = rendered('renamed');
  const services = things.filter(({ kind }) => kind === 'Service');
  expect(services.map(({ metadata }) => metadata.name)).toEqual(['volumes']);
  const door = things.find(
    ({ kind, metadata }) => kind === 'Role' && metadata.name === 'nkvm-door'
  );
  expect(door?.rules?.map(({ resourceNames }) => resourceNames)).toEqual([
    ['volumes:http'],
    ['volumes'],
  ]);
});

it('each kustomization of the page is rendered here', () => {
  expect(BLOCKS).toHaveLength(4);
});
