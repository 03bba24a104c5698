import type { KubeConfig } from '@kubernetes/client-node';
import { AuthenticationV1Api, AuthorizationV1Api } from '@kubernetes/client-node';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { apiMessageOf, httpStatusOf, timeLimit } from '../../sidecar/src/cluster/connection.ts';
import type { Person } from './person.ts';

const MANIFEST = join(import.meta.dirname, '../../deploy/k8s/rbac/discovery.yaml');
const LIMIT_MS = 10_000;

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** Reading what there is in the cluster, as the manifest grants it to an installed sidecar. */
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
  const person = await whoAmI(kubeConfig).catch(error => {
    const status = httpStatusOf(error);
    throw new Error(
      status === undefined
        ? `the cluster at ${url} does not answer: ${whyOf(error)}`
        : `the cluster at ${url} does not let you in (${status}): ${apiMessageOf(error)}`
    );
  });
  const authorization = kubeConfig.makeApiClient(AuthorizationV1Api);
  const answers = await Promise.all(
    needed().map(async attributes => {
      const body = { spec: { resourceAttributes: attributes } };
      const { status } = await authorization.createSelfSubjectAccessReview(
        { body },
        timeLimit(LIMIT_MS)
      );
      return { ...attributes, isAllowed: status?.allowed === true };
    })
  );
  const missing = answers.filter(({ isAllowed }) => !isAllowed);
  if (missing.length === 0) return person;
  const resources = [...new Set(missing.map(({ resource }) => resource))].join(', ');
  throw new Error(
    `${person.username} may not see all of ${resources} at ${url}: use a kubeconfig of somebody who may ` +
      'get, list and watch them in all namespaces'
  );
}

async function whoAmI(kubeConfig: KubeConfig): Promise<Person> {
  const { status } = await kubeConfig
    .makeApiClient(AuthenticationV1Api)
    .createSelfSubjectReview({ body: {} }, timeLimit(LIMIT_MS));
  const { username = '', uid, groups } = status?.userInfo ?? {};
  return { username, ...(uid && { uid }), ...(groups && { groups }) };
}

/** client-node wraps what the connection threw, sometimes twice. */
function whyOf(error: unknown): string {
  const { cause, name, message } = error as Error;
  if (cause instanceof Error) return whyOf(cause);
  const [line = ''] = message.split('\n');
  return name === 'TimeoutError' ? `no answer within ${LIMIT_MS / 1000} s` : line;
}
