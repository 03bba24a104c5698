import { setTimeout as sleep } from 'node:timers/promises';
import { identityProblem } from '../clusterIdentity.ts';
import type { ClusterConnection, ClusterConnections } from '../connections.ts';
import type { AddressRules } from '../kubeconfig/address.ts';
import type { ClusterProblem } from '../problem.ts';
import { remoteGateway } from '../remoteGateway.ts';
import { lookAt, problemOf } from './lookAt.ts';

/**
 * - `unknown`: it has not answered yet
 * - `ready`: it answered the last time
 * - `unreachable`: it did not, or refused the credentials
 * - `refused`: NKVM does not use it
 */
export type LookState = 'unknown' | 'ready' | 'unreachable' | 'refused';

/** Facts about a cluster other than NKVM's own, as it was last seen. */
export interface ClusterLook {
  state: LookState;
  /** Of the state. */
  since: Date;
  problem: ClusterProblem | undefined;
  version: string | undefined;
  /** Of its namespace kube-system, since it has answered once. */
  uid: string | undefined;
}

export interface ClusterLooks {
  /** @returns undefined where there is no cluster of this name. */
  of(name: string): ClusterLook | undefined;
  /** @returns the UIDs that are known, by names, NKVM's own cluster among them. */
  uids(): Map<string, string>;
  stop(): void;
}

export interface LooksOptions extends AddressRules {
  connections: ClusterConnections;
  own: { name: string; uid: string };
  now: () => Date;
  /** Between two looks at one cluster. */
  pauseMs?: number;
}

const PAUSE_MS = 15_000;

interface Followed {
  connection: ClusterConnection;
  look: ClusterLook;
  stopping: AbortController;
  /** Ends the pause. */
  wake: () => void;
}

/** Looks at each cluster again and again, by itself: a slow one delays no other. */
export function clusterLooks(options: LooksOptions): ClusterLooks {
  const { connections, own, now, pauseMs = PAUSE_MS, ...rules } = options;
  const followed = new Map<string, Followed>();

  const uids = (except?: string): Map<string, string> =>
    new Map([
      [own.name, own.uid],
      ...[...followed.values()].flatMap(({ connection: { name }, look }): [string, string][] =>
        look.uid === undefined || look.state === 'refused' || name === except
          ? []
          : [[name, look.uid]]
      ),
    ]);

  const change = (one: Followed, next: Omit<ClusterLook, 'since'>): void => {
    const since = next.state === one.look.state ? one.look.since : now();
    one.look = { ...next, since };
  };

  const look = async (one: Followed, gateway: Parameters<typeof lookAt>[0]): Promise<void> => {
    const { name } = one.connection;
    const { version, uid } = one.look;
    try {
      const seen = await lookAt(gateway, one.stopping.signal);
      const facts = { name, uid: seen.uid, known: uid, others: uids(name) };
      const problem = identityProblem(facts);
      const state = problem ? 'refused' : 'ready';
      change(one, { state, problem, version: seen.version ?? undefined, uid: uid ?? seen.uid });
    } catch (error) {
      if (one.stopping.signal.aborted) return;
      const problem = problemOf(serverHost(one.connection), error);
      change(one, { state: 'unreachable', problem, version, uid });
    }
  };

  const follow = async (one: Followed): Promise<void> => {
    const { signal } = one.stopping;
    const gateway = remoteGateway(one.connection, rules);
    try {
      while (!signal.aborted) {
        const woken = new AbortController();
        one.wake = () => woken.abort();
        await look(one, gateway);
        const either = AbortSignal.any([signal, woken.signal]);
        await sleep(pauseMs, undefined, { signal: either, ref: false }).catch(() => undefined);
      }
    } finally {
      gateway.stop();
    }
  };

  const refresh = (): void => {
    const current = new Map(connections.all().map(each => [each.name, each]));
    for (const [name, one] of followed) {
      if (current.get(name) === one.connection) {
        one.wake(); // its credentials may have changed
        continue;
      }
      one.stopping.abort();
      followed.delete(name);
    }
    for (const connection of current.values()) {
      if (followed.has(connection.name)) continue;
      const one: Followed = {
        connection,
        look: {
          ...{ state: 'unknown', since: now() },
          ...{ problem: undefined, version: undefined, uid: undefined },
        },
        stopping: new AbortController(),
        wake: () => undefined,
      };
      followed.set(connection.name, one);
      void follow(one);
    }
  };
  const unfollow = connections.onChange(refresh);
  refresh();
  return {
    of: name => followed.get(name)?.look,
    uids: () => uids(),
    stop() {
      unfollow();
      for (const { stopping } of followed.values()) stopping.abort();
      followed.clear();
    },
  };
}

/** @returns host and port of the API server of a cluster. */
export const serverHost = ({ kubeConfig }: Pick<ClusterConnection, 'kubeConfig'>): string =>
  new URL(kubeConfig.getCurrentCluster()?.server ?? 'https://unknown').host;
