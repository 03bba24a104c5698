import { accessOf } from '../cluster/gateway/access.ts';
import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import type { RemoteAccess } from '../cluster/gateway/remoteAccess.ts';
import { kubeConfigFor } from '../cluster/gateway/remoteAccess.ts';
import type { ClusterSecretWrites } from '../cluster/writes/clusterSecretWrites.ts';
import { identityProblem } from './clusterIdentity.ts';
import type { ClusterConnections, ClusterSource } from './connections.ts';
import type { AddressRules } from './kubeconfig/address.ts';
import { readKubeconfig } from './kubeconfig/readKubeconfig.ts';
import { writeKubeconfig } from './kubeconfig/writeKubeconfig.ts';
import type { ClusterLook, ClusterLooks } from './looks/clusterLooks.ts';
import { serverHost } from './looks/clusterLooks.ts';
import { lookAt, problemOf } from './looks/lookAt.ts';
import { mayTooMuch, type MissingRight, missingRights } from './looks/missingRights.ts';
import type { ClusterProblem } from './problem.ts';
import { remoteGateway } from './remoteGateway.ts';

/** A cluster other than NKVM's own, or a Secret or file that asks to be one. */
export interface ListedCluster {
  /** Any text where it is refused for its name. */
  name: string;
  source: ClusterSource;
  /** Host and port; undefined where the kubeconfig is refused. */
  server: string | undefined;
  /** Undefined where the kubeconfig is refused. */
  look: ClusterLook | undefined;
  problem: ClusterProblem | undefined;
}

/** Facts about a kubeconfig that was tried. Nothing of it is kept. */
export interface CheckedCluster {
  server: string;
  version: string | null;
  uid: string;
  missing: MissingRight[];
  /** The credentials may do more than NKVM needs. */
  mayTooMuch: boolean;
}

/** Why a cluster is not added, changed or removed. */
export class ClusterRefusal extends Error {
  readonly problem: ClusterProblem;
  constructor(problem: ClusterProblem) {
    super(problem.message);
    this.name = 'ClusterRefusal';
    this.problem = problem;
  }
}

export interface CheckRequest {
  name: string;
  kubeconfig: string;
  context?: string | undefined;
  /** Whether it takes the place of the one that the cluster has. */
  isReplacement: boolean;
  isDryRun: boolean;
  signal?: AbortSignal;
}

/** The clusters other than NKVM's own, for people who look after them. */
export interface ClusterRegistry {
  /** @returns them by name. */
  list(): ListedCluster[];
  /** Checks a kubeconfig, and stores it unless that is only a try. @throws ClusterRefusal */
  check(request: CheckRequest): Promise<CheckedCluster>;
  /** @throws ClusterRefusal */
  remove(name: string): Promise<void>;
}

export interface RegistryOptions extends AddressRules {
  connections: ClusterConnections;
  looks: ClusterLooks;
  writes: ClusterSecretWrites;
  ownName: string;
  /** Of NKVM. */
  namespace: string;
}

export function registryOf(options: RegistryOptions): ClusterRegistry {
  const { connections, looks, writes, ownName, namespace, ...rules } = options;
  const list = (): ListedCluster[] => [
    ...connections.all().map(connection => {
      const look = looks.of(connection.name);
      return {
        ...{ name: connection.name, source: connection.source, look },
        ...{ server: serverHost(connection), problem: look?.problem },
      };
    }),
    ...connections.refused().map(({ name, source, problem }) => ({
      ...{ name, source, problem, server: undefined, look: undefined },
    })),
  ];

  const examine = async (
    { name, signal, isReplacement }: CheckRequest,
    access: RemoteAccess
  ): Promise<CheckedCluster> => {
    const kubeConfig = kubeConfigFor(access);
    const server = serverHost({ kubeConfig });
    const gateway = remoteGateway({ kubeConfig }, rules);
    try {
      const seen = await lookAt(gateway, signal);
      const others = looks.uids();
      others.delete(name);
      const known = isReplacement ? looks.of(name)?.uid : undefined;
      const problem = identityProblem({ name, uid: seen.uid, known, others });
      if (problem) throw new ClusterRefusal(problem);
      const may = accessOf(gateway);
      const [missing, isTooMuch] = await Promise.all([missingRights(may), mayTooMuch(may)]);
      return { server, ...seen, missing, mayTooMuch: isTooMuch };
    } catch (error) {
      if (error instanceof ClusterRefusal) throw error;
      signal?.throwIfAborted();
      throw new ClusterRefusal(problemOf(server, error));
    } finally {
      gateway.stop();
    }
  };

  /** @returns the Secret of a cluster that there is. @throws ClusterRefusal */
  const secretOf = (name: string): string => {
    const found = list().find(each => each.name === name);
    if (!found) throw new ClusterRefusal(notFound(name));
    if (found.source.kind === 'secret') return found.source.name;
    throw new ClusterRefusal(fromFile(name, found.source.name));
  };

  const written = async (what: string, verb: string, write: Promise<void>): Promise<void> => {
    try {
      await write;
    } catch (error) {
      if (error instanceof ApiFailure && error.reason === 'AlreadyExists')
        throw new ClusterRefusal(secretExists(what, namespace));
      if (error instanceof ApiFailure && error.status === 403)
        throw new ClusterRefusal(mayNotWrite(what, verb, namespace));
      throw error;
    }
  };

  return {
    list: () => list().sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
    async check(request) {
      const { name, kubeconfig, context, isReplacement, isDryRun } = request;
      const secret = isReplacement ? secretOf(name) : undefined;
      if (name === ownName) throw new ClusterRefusal(nameTaken(name, 'the cluster of NKVM itself'));
      if (!isReplacement && list().some(each => each.name === name))
        throw new ClusterRefusal(nameTaken(name, 'another cluster'));
      const read = readKubeconfig(kubeconfig, { ...rules, context });
      if ('problem' in read) throw new ClusterRefusal(read.problem);
      const checked = await examine(request, read.access);
      if (isDryRun) return checked;
      const text = writeKubeconfig(name, read.access);
      const what = secret ?? `nkvm-cluster-${name}`;
      await (secret === undefined
        ? written(what, 'create', writes.create(name, text))
        : written(what, 'patch', writes.replace(secret, text)));
      return checked;
    },
    async remove(name) {
      const secret = secretOf(name);
      await written(secret, 'delete', writes.remove(secret));
    },
  };
}

const notFound = (name: string): ClusterProblem => ({
  reason: 'ClusterNotFound',
  message: `there is no cluster ${name}`,
  hint: 'GET /api/v1/clusters lists all clusters',
});

const fromFile = (name: string, path: string): ClusterProblem => ({
  reason: 'ClusterFromFile',
  message: `the kubeconfig of cluster ${name} is the file ${path}, which NKVM only reads`,
  hint: 'change or delete the file; NKVM sees that within 10 seconds',
});

const nameTaken = (name: string, who: string): ClusterProblem => ({
  reason: 'ClusterNameRefused',
  message: `the name ${name} is that of ${who}`,
  hint: 'choose another name; the kubeconfig of a cluster that is there is replaced with PUT',
});

const secretExists = (secret: string, namespace: string): ClusterProblem => ({
  reason: 'ClusterSecretExists',
  message: `there is a Secret ${secret} in namespace ${namespace} already, which is not the one of this cluster`,
  hint: `choose another name, or check what it is for: kubectl describe secret ${secret} -n ${namespace}`,
});

const mayNotWrite = (secret: string, verb: string, namespace: string): ClusterProblem => ({
  reason: 'ClusterSecretNotWritten',
  message: `NKVM may not ${verb} the Secret ${secret} in namespace ${namespace}`,
  hint: 'apply Role nkvm-clusters there, or write the Secret yourself, as docs/operations/clusters.md shows',
});
