import { readClusterUid } from '../cluster/inventory/namespaces.ts';
import {
  historyPathOf,
  identityProblem,
  readKnownUid,
  writeKnownUid,
} from '../clusters/clusterIdentity.ts';
import type { ClusterConnection, ClusterConnections } from '../clusters/connections.ts';
import type { ClusterProblem } from '../clusters/problem.ts';
import { remoteGateway } from '../clusters/remoteGateway.ts';
import { cancelRuns, failAfterAbsence } from '../clusters/unfinishedRuns.ts';
import { textOf } from '../errors.ts';
import { startFoundations } from './foundations.ts';
import { startHistory } from './history.ts';
import type { Lifecycle } from './lifecycle.ts';
import { lifecycle } from './lifecycle.ts';
import type { Reading } from './reading.ts';
import type { Shared } from './shared.ts';
import { untilDone } from './untilDone.ts';
import type { World } from './world.ts';
import { startWorld } from './world.ts';

/** How far NKVM has come with a cluster other than its own. */
export type ClusterState =
  | { state: 'starting'; why: string }
  | { state: 'refused'; problem: ClusterProblem }
  | { state: 'ready'; world: World };

/** The clusters other than NKVM's own, by their names. */
export interface ClusterWorlds {
  names(): string[];
  /** @returns undefined where there is no cluster of this name. */
  of(name: string): ClusterState | undefined;
}

interface Entry {
  connection: ClusterConnection;
  /** Of the API server, when it was identified. */
  server: string | undefined;
  log: Shared['log'];
  life: Lifecycle;
  uid: string | undefined;
  state: ClusterState;
  /** Asks the API server again which cluster it is, at once. */
  lookAgain: () => void;
}

const RETRY_MS = 5_000;
const LOOK_MS = 5_000;
/** Between two questions which cluster an API server is. */
const IDENTITY_MS = 10_000;
/** A cluster that is refused is asked again: its address may lead to the right one by then. */
const REFUSED_MS = 60_000;
/** For all clusters together; NKVM's own follows. Helpers that an unreachable one keeps are deleted when it answers again. */
const STOP_MS = 12_000;

/**
 * Starts what NKVM does for each cluster that it has a connection to, and follows what comes and goes. Nothing waits for these
 * clusters: one that cannot be reached is tried again and again.
 */
export async function startClusterWorlds(
  shared: Shared,
  reading: Reading,
  connections: ClusterConnections
): Promise<ClusterWorlds> {
  const known = new Map<string, Entry>();
  /** By name: a cluster begins when the one that had its name before has ended. */
  const turns = new Map<string, Promise<void>>();
  const inTurn = (name: string, work: () => Promise<void>): void => {
    const turn = (turns.get(name) ?? Promise.resolve()).then(work).catch((error: unknown) => {
      shared.log.error({ cluster: name }, `cluster ${name}: ${textOf(error)}`);
    });
    turns.set(name, turn);
  };

  const begin = (connection: ClusterConnection): void => {
    const { name } = connection;
    const log = shared.log.child({ cluster: name });
    const entry: Entry = {
      ...{ connection, log, life: lifecycle(log), uid: undefined, server: serverOf(connection) },
      state: { state: 'starting', why: `cluster ${name} has not answered yet` },
      lookAgain: () => undefined,
    };
    known.set(name, entry);
    inTurn(name, async () => void follow(entry));
  };

  const follow = async (entry: Entry): Promise<void> => {
    const { life, log, connection } = entry;
    try {
      const uidsOfOthers = (): Map<string, string> =>
        new Map([
          [shared.own.clusterName, shared.own.clusterUid],
          ...[...known.values()].flatMap((other): [string, string][] =>
            other === entry || other.uid === undefined ? [] : [[other.connection.name, other.uid]]
          ),
        ]);
      const onRefused = (): void => {
        setTimeout(() => again(entry), REFUSED_MS).unref();
      };
      await open(entry, { shared, reading, uidsOfOthers, onRefused });
    } catch (error) {
      if (life.signal.aborted) return;
      log.error({}, `cluster ${connection.name} is not used: ${textOf(error)}`);
      entry.state = { state: 'refused', problem: notStarted(connection.name, error) };
      await life.stop();
    }
  };

  const end = (entry: Entry, isRemoved: boolean): void => {
    const { name } = entry.connection;
    known.delete(name);
    inTurn(name, async () => {
      if (isRemoved && entry.state.state === 'ready')
        await cancelRuns(entry.state.world, removed(name));
      await entry.life.stop();
    });
  };

  const again = (entry: Entry): void => {
    if (known.get(entry.connection.name) !== entry || shared.life.signal.aborted) return;
    end(entry, false);
    begin(entry.connection);
  };

  const refresh = (): void => {
    const now = new Map(connections.all().map(each => [each.name, each]));
    for (const entry of [...known.values()]) {
      const connection = now.get(entry.connection.name);
      // The same name may lead to another cluster now: it has to say again which one it is.
      if (connection === entry.connection && serverOf(connection) === entry.server) {
        // So may the same address, with other credentials.
        if (entry.state.state === 'refused') again(entry);
        else entry.lookAgain();
        continue;
      }
      end(entry, connection === undefined);
    }
    for (const connection of now.values()) if (!known.has(connection.name)) begin(connection);
  };

  await shared.life.start({
    name: 'the other clusters',
    start() {
      const unfollow = connections.onChange(refresh);
      refresh();
      return unfollow;
    },
    async stop(unfollow) {
      unfollow();
      await Promise.all([...known.values()].map(({ life }) => life.stop()));
      await Promise.all(turns.values());
    },
    stopLimitMs: STOP_MS,
  });
  return {
    names: () => [...known.keys()].sort(),
    of: name => known.get(name)?.state,
  };
}

const serverOf = ({ kubeConfig }: ClusterConnection): string | undefined =>
  kubeConfig.getCurrentCluster()?.server;

interface OpenOptions {
  shared: Shared;
  reading: Reading;
  uidsOfOthers(): ReadonlyMap<string, string>;
  /** The API server is not that of the cluster. */
  onRefused(): void;
}

/** Waits until the cluster says which one it is, and starts its parts. @throws Error where one of them cannot start */
async function open(
  entry: Entry,
  { shared, reading, uidsOfOthers, onRefused }: OpenOptions
): Promise<void> {
  const { connection, life, log } = entry;
  const { name } = connection;
  const { config, fence, places, histories } = shared;
  const gateway = await life.start({
    name: 'the way to the API server',
    start: () => remoteGateway(connection, config.clusters),
    stop: opened => opened.stop(),
  });
  const clusterUid = await untilDone(
    { name: `identifying cluster ${name}`, retryMs: RETRY_MS, signal: life.signal, log },
    async () => {
      try {
        return await readClusterUid(gateway, life.signal);
      } catch (error) {
        entry.state = { state: 'starting', why: textOf(error) };
        throw error;
      }
    }
  );
  const historyPath = historyPathOf(config.metadataDbPath, name);
  const knownUid = await readKnownUid(historyPath);
  const refuse = (problem: ClusterProblem): void => {
    log.error({ reason: problem.reason }, problem.message);
    entry.state = { state: 'refused', problem };
    onRefused();
  };
  const problem = identityProblem({
    ...{ name, uid: clusterUid, known: knownUid, others: uidsOfOthers() },
  });
  if (problem) {
    refuse(problem);
    return await life.stop();
  }
  entry.uid = clusterUid;
  fence.assertHeld();
  if (knownUid === undefined) await writeKnownUid(historyPath, clusterUid);
  const history = await startHistory(life, historyPath, { config, fence, log });
  await life.start({
    name: 'the runs of the cluster',
    start() {
      const describe = (): void =>
        history.describe(
          places.all().map(({ name: id, kind, location }) => ({ id, kind, location }))
        );
      describe();
      return [places.onChange(describe), histories.add(name, history)];
    },
    stop: ends => ends.forEach(stop => stop()),
  });
  const parts = { isOwn: false, clusterName: name, clusterUid, gateway, history, historyPath };
  const world = await startWorld(await startFoundations(shared, parts, life, log), reading);
  await life.start({
    name: 'the watch for a long absence',
    start() {
      const look = failAfterAbsence(name, world, config.eachCluster.awayMs);
      return setInterval(() => void look(), LOOK_MS);
    },
    stop: clearInterval,
  });
  const look = async (): Promise<void> => {
    // A cluster that does not answer, or refuses the credentials, has not said that it is another one.
    const uid = await readClusterUid(gateway, life.signal).catch(() => clusterUid);
    if (uid === clusterUid || entry.state.state !== 'ready') return;
    const other = identityProblem({ name, uid, known: clusterUid, others: uidsOfOthers() });
    if (!other) return;
    refuse(other);
    await cancelRuns(world, other);
    await life.stop();
  };
  entry.lookAgain = () => void look();
  await life.start({
    name: 'the look at its identity',
    start: () => setInterval(entry.lookAgain, IDENTITY_MS),
    stop: clearInterval,
  });
  entry.state = { state: 'ready', world };
  log.info({}, `cluster ${name} is used`);
}

const removed = (name: string): ClusterProblem => ({
  reason: 'ClusterRemoved',
  message: `cluster ${name} was removed from NKVM`,
  hint: 'add the cluster again, and start it again',
});

const notStarted = (name: string, error: unknown): ClusterProblem => ({
  reason: 'ClusterNotStarted',
  message: `cluster ${name} cannot be used: ${textOf(error)}`,
  hint: 'see the log of NKVM; restart NKVM when the cause is gone',
});
