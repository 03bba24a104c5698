import type { KubeConfig } from '@kubernetes/client-node';
import { isDeepStrictEqual } from 'node:util';
import { ClusterName } from '../../api/index.ts';
import type { RemoteAccess } from '../cluster/gateway/remoteAccess.ts';
import { changeAccess, kubeConfigFor } from '../cluster/gateway/remoteAccess.ts';
import type { ClusterSecrets } from '../cluster/inventory/clusterSecrets.ts';
import type { Log } from '../log.ts';
import type { AddressRules } from './kubeconfig/address.ts';
import { readKubeconfig } from './kubeconfig/readKubeconfig.ts';
import type { ClusterProblem } from './problem.ts';
import type { ClusterFiles } from './sources/clusterFiles.ts';

/** The way to one cluster other than NKVM's own. */
export interface ClusterConnection {
  readonly name: string;
  /** The same object for as long as the cluster is known: credentials that were replaced show up in it. */
  readonly kubeConfig: KubeConfig;
  /** Name of the Secret, or path of the file, that it comes from. */
  readonly source: ClusterSource;
}

export interface ClusterSource {
  kind: 'secret' | 'file';
  name: string;
}

/** A Secret or a file that is not used, and why. */
export interface RefusedCluster {
  /** The name that it asks for; any text. */
  name: string;
  source: ClusterSource;
  problem: ClusterProblem;
}

/** All clusters other than NKVM's own that a Secret or a file gives access to. */
export interface ClusterConnections {
  /** @returns them by name. */
  all(): readonly ClusterConnection[];
  refused(): readonly RefusedCluster[];
  /** @returns why Secrets or files cannot be read now, as sentences; what is known of them may be old. */
  problems(): string[];
  /**
   * Calls `listener` when a cluster comes or goes, when its credentials change, and when another one is refused.
   * @returns what ends that.
   */
  onChange(listener: () => void): () => void;
  stop(): void;
}

export interface ConnectionsOptions extends AddressRules {
  secrets: Pick<ClusterSecrets, 'all' | 'problem' | 'onChange'>;
  /** Absent: there is no directory of kubeconfigs. */
  files?: Pick<ClusterFiles, 'all' | 'problem' | 'onChange'> | undefined;
  /** Name of the cluster that NKVM itself uses; no other may have it. */
  ownName: string;
  log: Pick<Log, 'info' | 'warn'>;
}

interface Known {
  connection: ClusterConnection;
  access: RemoteAccess;
}

export function connectionsOf(options: ConnectionsOptions): ClusterConnections {
  const { secrets, files, ownName, isLoopbackAllowed, log } = options;
  const listeners = new Set<() => void>();
  const known = new Map<string, Known>();
  let refused: RefusedCluster[] = [];

  const refresh = (): void => {
    const before = refused;
    const seen = new Set<string>();
    let isChanged = false;
    refused = [];
    for (const wish of wishesOf(options)) {
      const result = decide(wish, { seen, ownName, isLoopbackAllowed });
      if ('problem' in result) {
        refused.push({ name: wish.name, source: wish.source, problem: result.problem });
        continue;
      }
      seen.add(wish.name);
      isChanged = keep(known, wish, result.access, log) || isChanged;
    }
    for (const name of [...known.keys()].filter(each => !seen.has(each))) {
      known.delete(name);
      isChanged = true;
      log.info({ cluster: name }, 'the cluster is not used any more');
    }
    if (!isDeepStrictEqual(before, refused)) {
      isChanged = true;
      for (const each of refused) {
        if (before.some(one => isDeepStrictEqual(one, each))) continue;
        log.warn(
          { source: each.source.name, reason: each.problem.reason },
          `a kubeconfig is not used: ${each.problem.message}`
        );
      }
    }
    if (isChanged) for (const listener of listeners) listener();
  };
  const ends = [secrets.onChange(refresh), files?.onChange(refresh)];
  refresh();
  return {
    all: () =>
      [...known.values()]
        .map(({ connection }) => connection)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    refused: () => refused,
    problems: () => [secrets.problem(), files?.problem()].filter(each => each !== undefined),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      for (const end of ends) end?.();
      listeners.clear();
    },
  };
}

interface Wish {
  name: string;
  source: ClusterSource;
  kubeconfig: string | null;
}

/**
 * Files come first, because an administrator of the pod wrote them; then Secrets, the oldest first: a new one never takes the name of
 * one that is in use.
 */
function wishesOf({ secrets, files }: Pick<ConnectionsOptions, 'secrets' | 'files'>): Wish[] {
  const ofFiles = (files?.all() ?? []).map(({ cluster: name, path, kubeconfig }) => ({
    ...{ name, kubeconfig },
    source: { kind: 'file' as const, name: path },
  }));
  const ofSecrets = [...secrets.all()]
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0))
    .map(({ cluster: name, name: secret, kubeconfig }) => ({
      ...{ name, kubeconfig },
      source: { kind: 'secret' as const, name: secret },
    }));
  return [...ofFiles, ...ofSecrets];
}

function decide(
  { name, source, kubeconfig }: Wish,
  { seen, ownName, ...rules }: { seen: ReadonlySet<string>; ownName: string } & AddressRules
): { access: RemoteAccess } | { problem: ClusterProblem } {
  const wrongName = whyNotNamed(name, { seen, ownName });
  if (wrongName !== undefined) return { problem: nameRefused(wrongName, source) };
  if (kubeconfig === null) {
    const what = source.kind === 'file' ? 'file' : 'Secret';
    return {
      problem: {
        reason: 'KubeconfigUnreadable',
        message: `the ${what} ${source.name} holds no kubeconfig that can be read`,
        hint:
          source.kind === 'file'
            ? 'put a kubeconfig of at most 128 KiB there, readable for the user that NKVM runs as'
            : 'put the kubeconfig under the key `kubeconfig`',
      },
    };
  }
  return readKubeconfig(kubeconfig, rules);
}

function whyNotNamed(
  name: string,
  { seen, ownName }: { seen: ReadonlySet<string>; ownName: string }
): string | undefined {
  if (!ClusterName.safeParse(name).success)
    return 'must have lower-case letters, digits and dashes, at most 63, as the name of a cluster';
  if (name === ownName)
    return `asks for the name ${name}, which is that of the cluster of NKVM itself`;
  if (seen.has(name)) return `asks for the name ${name}, which another one has`;
  return undefined;
}

const nameRefused = (why: string, { kind, name }: ClusterSource): ClusterProblem => ({
  reason: 'ClusterNameRefused',
  message: `the ${kind === 'file' ? 'file' : 'Secret'} ${name} ${why}`,
  hint:
    kind === 'file'
      ? 'rename the file: its name is the name of the cluster'
      : 'change its label nkvm.io/cluster: its value is the name of the cluster',
});

/** @returns whether something is new. */
function keep(
  known: Map<string, Known>,
  { name, source }: Wish,
  access: RemoteAccess,
  log: Pick<Log, 'info'>
): boolean {
  const before = known.get(name);
  if (!before || !isDeepStrictEqual(before.connection.source, source)) {
    known.set(name, { connection: { name, kubeConfig: kubeConfigFor(access), source }, access });
    log.info({ cluster: name, source: source.name }, 'the cluster is known');
    return true;
  }
  if (isDeepStrictEqual(before.access, access)) return false;
  changeAccess(before.connection.kubeConfig, access);
  before.access = access;
  log.info({ cluster: name, source: source.name }, 'the access to the cluster was replaced');
  return true;
}
