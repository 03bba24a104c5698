import { expired, Failure } from '../store/failure.ts';
import { apiVersionOf, type Kind } from '../store/kinds.ts';
import type { KubeObject } from '../store/object.ts';
import { type Matcher, matcher } from '../store/selectors.ts';
import type { Change, Store } from '../store/store.ts';
import { shown } from './eventView.ts';

/** Where the events of a watch go: the lines of a body, or the messages of a WebSocket. */
export interface Sink {
  send(event: object): void;
  end(): void;
  /** Called once, when the client is gone. */
  onClose(listener: () => void): void;
}

const BOOKMARK_EVERY_MS = 60_000;
/** A bookmark is sent this long before the end that the client asked for. */
const BOOKMARK_BEFORE_END_MS = 2_000;

/**
 * Sends what happens to the objects of a kind until the client leaves, its time is over, or `signal` says stop.
 * @throws Failure before anything was sent.
 */
export function watch(
  store: Store,
  kind: Kind,
  namespace: string | undefined,
  query: URLSearchParams,
  sink: () => Sink,
  signal: AbortSignal
): void {
  const matches = inNamespace(matcher(kind, query), namespace);
  const from = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(from)) {
    const why = `strconv.ParseUint: parsing ${JSON.stringify(from)}: invalid syntax`;
    throw new Failure(500, '', `resourceVersion: Invalid value: ${JSON.stringify(from)}: ${why}`);
  }
  const wantsInitial =
    query.get('sendInitialEvents') === 'true' || from === '' || Number(from) === 0;
  const missed = wantsInitial ? [] : store.since(kind, Number(from));
  const to = sink();
  if (!missed) {
    to.send({
      type: 'ERROR',
      object: expired('The resourceVersion for the provided watch is too old.').status,
    });
    return to.end();
  }

  const send = (type: string, object: KubeObject): void =>
    to.send({ type, object: shown(kind, object) });
  const bookmark = (annotations?: Record<string, string>): void => {
    const metadata = { resourceVersion: `${store.version}`, ...(annotations && { annotations }) };
    to.send({
      type: 'BOOKMARK',
      object: { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata },
    });
  };
  const tell = (change: Change): void => {
    const type = seenAs(change, matches);
    if (type) send(type, change.object);
  };

  const wantsBookmarks = query.get('allowWatchBookmarks') === 'true';
  if (wantsInitial) {
    for (const object of store.list(kind, namespace).filter(matches)) send('ADDED', object);
    if (query.get('sendInitialEvents') === 'true' && wantsBookmarks) {
      bookmark({ 'k8s.io/initial-events-end': 'true' });
    }
  }
  missed.forEach(tell);

  const unsubscribe = store.subscribe(kind, tell);
  const timers: NodeJS.Timeout[] = [];
  const stop = (): void => {
    unsubscribe();
    timers.forEach(timer => clearTimeout(timer));
    signal.removeEventListener('abort', stop);
    to.end();
  };
  const lifeMs = Number(query.get('timeoutSeconds') ?? 0) * 1000;
  if (lifeMs > 0) timers.push(setTimeout(stop, lifeMs));
  if (wantsBookmarks) {
    timers.push(setInterval(() => bookmark(), BOOKMARK_EVERY_MS));
    const last = lifeMs - BOOKMARK_BEFORE_END_MS;
    if (last > 0) timers.push(setTimeout(() => bookmark(), last));
  }
  signal.addEventListener('abort', stop);
  to.onClose(stop);
}

const inNamespace =
  (matches: Matcher, namespace: string | undefined): Matcher =>
  object =>
    (namespace === undefined || object.metadata.namespace === namespace) && matches(object);

/** What a change is for somebody who sees only the objects that match: to begin to match is to be added. */
function seenAs({ type, object, previous }: Change, matches: Matcher): Change['type'] | undefined {
  const matched = previous !== undefined && matches(previous);
  const isMatching = type !== 'DELETED' && matches(object);
  if (isMatching) return matched ? 'MODIFIED' : 'ADDED';
  return matched ? 'DELETED' : undefined;
}
