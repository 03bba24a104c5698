import type { KubeConfig, V1SelfSubjectReview } from '@kubernetes/client-node';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { accessOf, type Action } from '../../sidecar/src/cluster/gateway/access.ts';
import { ApiFailure } from '../../sidecar/src/cluster/gateway/apiFailure.ts';
import { type Gateway, gatewayOf } from '../../sidecar/src/cluster/gateway/gateway.ts';
import { textOf } from '../../sidecar/src/errors.ts';
import type { Person } from './person.ts';

const MANIFEST = join(import.meta.dirname, '../../deploy/k8s/rbac/discovery.yaml');
const LIMIT_MS = 10_000;

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** The rights to read objects of the cluster that the manifest grants to an installed sidecar. */
const needed = (): { group: string; resource: string; verb: string }[] =>
  parseAllDocuments(readFileSync(MANIFEST, 'utf8'))
    .flatMap(document => (document.toJS() as { rules?: Rule[] }).rules ?? [])
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap(group =>
        resources.flatMap(resource => verbs.map(verb => ({ group, resource, verb })))
      )
    );

/**
 * @param url of the API server, for the message.
 * @returns who the kubeconfig's user is there.
 * @throws Error of one line: the cluster does not answer, or does not let the user in, or see its volumes.
 */
export async function whoMayLook(kubeConfig: KubeConfig, url: string): Promise<Person> {
  const gateway = gatewayOf(kubeConfig);
  try {
    return await mayLook(gateway, url);
  } finally {
    gateway.stop();
  }
}

async function mayLook(gateway: Gateway, url: string): Promise<Person> {
  const person = await whoAmI(gateway).catch(error => {
    const { status } = error instanceof ApiFailure ? error : {};
    throw new Error(
      status === undefined
        ? `the cluster at ${url} does not answer: ${textOf(error)}`
        : `the cluster at ${url} does not let you in (${status}): ${textOf(error)}`
    );
  });
  const access = accessOf(gateway);
  const answers = await Promise.all(
    needed().map(async action => ({
      ...action,
      isAllowed: await access.mayI(action as Action),
    }))
  );
  const missing = answers.filter(({ isAllowed }) => !isAllowed);
  if (missing.length === 0) return person;
  const resources = [...new Set(missing.map(({ resource }) => resource))].join(', ');
  throw new Error(
    `${person.username} may not see all of ${resources} at ${url}: use a kubeconfig of somebody who may ` +
      'get, list and watch them in all namespaces'
  );
}

async function whoAmI(gateway: Gateway): Promise<Person> {
  const { status } = await gateway.json<V1SelfSubjectReview>({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: {},
    limitMs: LIMIT_MS,
    repeat: 'never',
  });
  const { username = '', uid, groups } = status?.userInfo ?? {};
  return { username, ...(uid && { uid }), ...(groups && { groups }) };
}
