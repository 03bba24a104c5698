import { useEffect } from 'react';
import type { VolumesChange } from '../../../sidecar/api';
import { connectionTo } from '../session/connection';
import { placeOf, wayTo } from '../session/place';
import { followChanges } from './changes';

/** Callbacks for a cluster's changes. */
export interface Sink {
  /** Whether changes come by themselves has changed: what is shown is to be asked for once. */
  onSwitch(cluster: string): void;
  onChange(cluster: string, change: VolumesChange): void;
}

interface Live {
  users: number;
  end: AbortController;
  isStreaming: boolean;
}

/** The next page of ours takes the stream over. */
const LEAVE_MS = 1_000;

/** One stream for all views of a cluster; for those who are not administrators, one for each namespace. */
const streams = new Map<string, Live>();

/** `''` is the stream of an administrator. Another NKVM has streams of its own. */
const keyOf = (cluster: string, namespace: string) =>
  `${cluster}/${namespace} ${wayTo(placeOf(cluster))}`;

/** @returns whether changes in each of `namespaces` come by themselves. */
export function isLive(cluster: string, namespaces: string[]): boolean {
  const isStreaming = (namespace: string) =>
    streams.get(keyOf(cluster, namespace))?.isStreaming === true;
  return isStreaming('') || (namespaces.length > 0 && namespaces.every(isStreaming));
}

/** @returns how to leave. */
function join(cluster: string, namespace: string, sink: Sink): () => void {
  const key = keyOf(cluster, namespace);
  const live = streams.get(key) ?? start(cluster, namespace, sink);
  live.users += 1;
  streams.set(key, live);
  return () => {
    live.users -= 1;
    setTimeout(() => {
      if (live.users > 0) return;
      live.end.abort();
      if (streams.get(key) === live) streams.delete(key);
    }, LEAVE_MS);
  };
}

function start(cluster: string, namespace: string, sink: Sink): Live {
  const { client, session } = connectionTo(cluster);
  const live: Live = { users: 0, end: new AbortController(), isStreaming: false };
  const turn = (isStreaming: boolean) => {
    if (live.isStreaming === isStreaming) return;
    live.isStreaming = isStreaming;
    sink.onSwitch(cluster);
  };
  let confirm = session.guard();
  void followChanges({
    open(signal) {
      confirm = session.guard();
      return client.changes(signal, namespace || undefined);
    },
    onReady: () => turn(true),
    onLost: () => turn(false),
    onChange: change => sink.onChange(cluster, change),
    confirm: () => confirm(),
    signal: live.end.signal,
  });
  return live;
}

/**
 * Lets the changes of a cluster come by themselves while a view is shown. A tab that nobody sees holds no stream.
 *
 * @param namespaces at hand, for those who are not administrators; undefined while they are not known.
 */
export function useLive(cluster: string, namespaces: string[] | undefined, sink: Sink): void {
  const at = namespaces?.join(' ');
  const way = wayTo(placeOf(cluster));
  useEffect(() => {
    if (at === undefined) return;
    let leave: (() => void)[] = [];
    let isOver = false;
    const enter = async () => {
      const isAdministrator = await connectionTo(cluster)
        .isAdministrator()
        .catch(() => false);
      if (isOver || document.hidden || leave.length > 0) return;
      const wanted = isAdministrator ? [''] : at.split(' ').filter(Boolean);
      leave = wanted.map(namespace => join(cluster, namespace, sink));
    };
    const exit = () => {
      leave.forEach(each => each());
      leave = [];
    };
    const onVisibility = () => (document.hidden ? exit() : void enter());
    void enter();
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      isOver = true;
      document.removeEventListener('visibilitychange', onVisibility);
      exit();
    };
  }, [cluster, at, way, sink]);
}
