import { badRequest, Failure } from '../store/failure.ts';
import { apiVersionOf, type Kind } from '../store/kinds.ts';
import type { KubeObject } from '../store/object.ts';
import { matcher } from '../store/selectors.ts';
import type { Store } from '../store/store.ts';
import { shown } from './eventView.ts';

/** Where the next page begins. The API server's own tokens have the same fields. */
interface Token {
  v: 'meta.k8s.io/v1';
  rv: number;
  start: string;
}

const SNAPSHOTS = 64;

const TOO_OLD =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.';

/** Answers lists, whole or in pages; the pages of one list show the same moment. */
export class Lists {
  readonly #store: Store;
  /** What later pages are taken from; the oldest is forgotten first. */
  readonly #snapshots = new Map<string, KubeObject[]>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws Failure 400 for a query that cannot be read, 410 for one on a moment that is forgotten. */
  answer(kind: Kind, namespace: string | undefined, query: URLSearchParams): object {
    const limit = limitOf(query);
    const token = query.get('continue');
    const matches = matcher(kind, query);
    if (!token) checkVersion(this.#store, query);
    const asked = token ? readToken(token) : undefined;
    const start = asked?.start ?? '';
    // A version below 0 asks for the present state, after the one at the start of the list has expired.
    const isPresent = asked === undefined || asked.rv < 0;
    const version = isPresent ? this.#store.version : asked.rv;
    const key = snapshotKey(kind, namespace, query, version);
    const found = isPresent
      ? this.#store.list(kind, namespace).filter(matches)
      : this.#snapshots.get(key);
    if (!found) throw tooOld(start);

    const rest = found.filter(object => orderOf(object) > start);
    const page = limit > 0 ? rest.slice(0, limit) : rest;
    const last = page.at(-1);
    const remaining = rest.length - page.length;
    if (remaining > 0) this.#keep(key, found);
    const hasSelector = query.get('labelSelector') || query.get('fieldSelector');
    return {
      kind: `${kind.kind}List`,
      apiVersion: apiVersionOf(kind),
      metadata: {
        resourceVersion: `${version}`,
        ...(remaining > 0 &&
          last && {
            continue: writeToken({ v: 'meta.k8s.io/v1', rv: version, start: orderOf(last) }),
          }),
        ...(remaining > 0 && !hasSelector && { remainingItemCount: remaining }),
      },
      // In lists the API server leaves out what all items have in common.
      items: page.map(object => ({
        ...shown(kind, object),
        apiVersion: undefined,
        kind: undefined,
      })),
    };
  }

  #keep(key: string, objects: KubeObject[]): void {
    this.#snapshots.delete(key);
    this.#snapshots.set(key, objects);
    const oldest = this.#snapshots.keys().next().value;
    if (this.#snapshots.size > SNAPSHOTS && oldest !== undefined) this.#snapshots.delete(oldest);
  }
}

const snapshotKey = (
  { group, plural }: Kind,
  namespace: string | undefined,
  query: URLSearchParams,
  version: number
): string =>
  [group, plural, namespace, query.get('labelSelector'), query.get('fieldSelector'), version].join(
    '\n'
  );

const orderOf = ({ metadata }: KubeObject): string =>
  `${metadata.namespace ?? ''}/${metadata.name}`;

function limitOf(query: URLSearchParams): number {
  const text = query.get('limit') ?? '0';
  if (/^\d+$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Only the present can be listed. */
function checkVersion(store: Store, query: URLSearchParams): void {
  const isExact = query.get('resourceVersionMatch') === 'Exact';
  if (!isExact || Number(query.get('resourceVersion')) === store.version) return;
  throw new Failure(410, 'Expired', 'The resourceVersion for the provided list is too old.');
}

const writeToken = (token: Token): string =>
  Buffer.from(JSON.stringify(token)).toString('base64url');

function readToken(text: string): Token {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Token;
    // The API server's own tokens begin right behind the last object.
    return { ...token, start: token.start.replace(/\0$/, '') };
  } catch (error) {
    throw badRequest(
      `invalid continue token: continue key is not valid: ${(error as Error).message}`
    );
  }
}

/** The answer has a token that continues from the same place, in the present state. */
function tooOld(start: string): Failure {
  const failure = new Failure(410, 'Expired', TOO_OLD);
  failure.status.metadata = { continue: writeToken({ v: 'meta.k8s.io/v1', rv: -1, start }) };
  return failure;
}
