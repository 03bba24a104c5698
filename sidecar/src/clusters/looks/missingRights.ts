import type { Access, Action } from '../../cluster/gateway/access.ts';

/** A right that NKVM's credentials lack in a cluster. */
export interface MissingRight {
  verb: string;
  group: string;
  resource: string;
  /** NKVM needs it for this. */
  purpose: string;
}

const SEES = 'sees volumes, nodes and who uses a volume';
const REVIEWS = 'lets people of that cluster prove their rights there';

const inAll = (group: string, resources: string[], verbs: Action['verb'][], purpose: string) =>
  resources.flatMap(resource => verbs.map(verb => ({ verb, group, resource, purpose })));

/** Rights in the whole cluster. Those in single namespaces are given one by one, and the list of volumes says where they are missing. */
const WANTED_RIGHTS: readonly (MissingRight & Pick<Action, 'verb'>)[] = [
  ...inAll(
    '',
    ['persistentvolumeclaims', 'persistentvolumes', 'nodes', 'namespaces', 'pods'],
    ['list'],
    SEES
  ),
  ...inAll('storage.k8s.io', ['storageclasses'], ['list'], SEES),
  ...inAll('apps', ['deployments', 'statefulsets', 'daemonsets', 'replicasets'], ['list'], SEES),
  ...inAll('batch', ['jobs', 'cronjobs'], ['list'], SEES),
  ...inAll('authentication.k8s.io', ['tokenreviews'], ['create'], REVIEWS),
  ...inAll('authorization.k8s.io', ['subjectaccessreviews'], ['create'], REVIEWS),
];

/** Asks the API server what the credentials may not do. @throws ApiFailure when there was no answer. */
export async function missingRights(access: Pick<Access, 'mayI'>): Promise<MissingRight[]> {
  const may = await Promise.all(
    WANTED_RIGHTS.map(({ verb, group, resource }) => access.mayI({ verb, group, resource }))
  );
  return WANTED_RIGHTS.filter((_, at) => !may[at]);
}

/** Whether the credentials may read every Secret: NKVM needs that nowhere. @throws ApiFailure when there was no answer. */
export const mayTooMuch = (access: Pick<Access, 'mayI'>): Promise<boolean> =>
  access.mayI({ verb: 'list', group: '', resource: 'secrets' });
