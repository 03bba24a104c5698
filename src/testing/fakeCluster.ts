import { vi } from 'vitest';
import { NKVM_NAMESPACE, NKVM_SERVICE, TOKEN_HEADER } from '../../sidecar/api/names.ts';

type Body = object | Response;
/** What a request gets: a body for 200, a whole answer, or a function of what was sent. */
type Answer =
  | Body
  | ((
      sent: unknown,
      request: { headers: Headers; search: string; signal?: AbortSignal | null }
    ) => Body | Promise<Body>);

export interface FakeCluster {
  /** Of its own for each test: the plugin keeps what it knows of a cluster as long as the page lives. */
  name: string;
  /** Requests to the sidecar, e.g. `POST /backups {"volumes":[…]}`. */
  calls: string[];
  /** The paths of those requests as they were sent, and the tokens with which. */
  sent: { path: string; token: string | null }[];
  /** Whoever is logged in to Headlamp; undefined for nobody. */
  person: string | undefined;
  /** Requests to the API server for Secrets of NKVM's namespace, e.g. `POST secrets`. */
  secretCalls: { request: string; sent: unknown }[];
  /** Requests to the API server for claims and namespaces, e.g. `PATCH persistentvolumeclaims/shop/orders-db`. */
  objectCalls: { request: string; sent: unknown }[];
  /** What the API server says of the person's rights. */
  mayWriteSecrets: boolean;
  /** Changes an answer while the page is shown. */
  answer(request: string, answer: Answer): void;
}

export const TOKEN_REQUEST = 'POST nkvm/nkvm-admin token';

const SECRETS_PATH = `/api/v1/namespaces/${NKVM_NAMESPACE}/secrets`;

/** @returns e.g. `namespaces/shop`; undefined for everything that is neither a namespace nor a claim. */
function objectAt(path: string): string | undefined {
  const claim = /^\/api\/v1\/namespaces\/([^/]+)\/persistentvolumeclaims\/([^/]+)$/.exec(path);
  if (claim) return `persistentvolumeclaims/${claim[1]}/${claim[2]}`;
  const namespace = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path);
  return namespace ? `namespaces/${namespace[1]}` : undefined;
}

/** jsdom's Blobs cannot be read by `text`. */
const contentOf = async (body: unknown): Promise<unknown> => {
  if (typeof body === 'string') return JSON.parse(body);
  if (!(body instanceof Blob) || body.type === 'application/gzip') return undefined;
  const text = await new Promise<string>(resolve => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.readAsText(body);
  });
  return JSON.parse(text);
};

const token = { spec: { expirationSeconds: 600 }, status: { token: 'minted' } };

const json = (status: number, body: object) =>
  new Response(JSON.stringify(body), { status, statusText: 'Some Status' });

/** A refusal of the sidecar, or of the API server: the plugin sees only these two. */
export const refusal = (status: number, message: string) => json(status, { message });

let count = 0;

/**
 * Puts itself in the place of `fetch`, below Headlamp's ApiProxy: what is tested is all of the plugin.
 *
 * @param answers of the sidecar, by method and path below `/api/v1`, e.g. `GET /volumes`; in another place than the usual
 *   one, with its namespace and Service in front: `GET backup/nkvm /volumes`. It is installed and gives
 *   tokens, where nothing else is said. Other requests of Headlamp get empty lists.
 */
export function fakeCluster(answers: Record<string, Answer>): FakeCluster {
  const cluster: FakeCluster = {
    name: `cluster-${++count}`,
    calls: [],
    sent: [],
    person: 'ann',
    secretCalls: [],
    objectCalls: [],
    mayWriteSecrets: true,
    answer: (request, answer) => void (known[request] = answer),
  };
  const known: Record<string, Answer> = {
    [TOKEN_REQUEST]: token,
    // The sidecar to somebody without a token.
    'GET /info': refusal(401, 'the request carries no token'),
    // An older sidecar has no stream of changes.
    'GET /volumes/events': refusal(404, 'not found'),
    'any object': { metadata: {} },
    // Of Secrets, where a test says nothing else.
    ...{ POST: {}, PATCH: {}, DELETE: {} },
    ...answers,
  };

  async function fetchFake(url: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    const method = init.method ?? 'GET';
    const { pathname, search } = new URL(String(url), 'http://headlamp');
    const path = pathname.replace(/^\/clusters\/[^/]+/, '');
    const sent = await contentOf(init.body);
    const tokenOf = /^\/api\/v1\/namespaces\/(.+)\/serviceaccounts\/(.+)\/token$/.exec(path);
    const headers = new Headers(init.headers);
    if (tokenOf) return give(`${method} ${tokenOf[1]}/${tokenOf[2]} token`, sent, headers, search);
    if (path.endsWith('/selfsubjectreviews')) {
      return cluster.person
        ? json(201, { status: { userInfo: { username: cluster.person } } })
        : json(401, { message: 'Unauthorized' });
    }
    if (path.endsWith('/selfsubjectaccessreviews')) {
      return json(201, { status: { allowed: cluster.mayWriteSecrets } });
    }
    if (path.startsWith(SECRETS_PATH)) {
      const request = `${method} secrets${path.slice(SECRETS_PATH.length)}`;
      cluster.secretCalls.push({ request, sent });
      return give(request in known ? request : method, sent, headers, search);
    }
    // Any other path of the API server that a test names.
    if (`${method} ${path}` in known) {
      cluster.objectCalls.push({ request: `${method} ${path}`, sent });
      return give(`${method} ${path}`, sent, headers, search);
    }
    const object = objectAt(path);
    if (object) {
      const request = `${method} ${object}`;
      cluster.objectCalls.push({ request, sent });
      return give(request in known ? request : 'any object', sent, headers, search);
    }
    const proxied =
      /^\/api\/v1\/namespaces\/([^/]+)\/services\/([^/]+):http\/proxy\/api\/v1(.*)$/.exec(
        path.replace(/\/~[\w-]+$/, '')
      );
    if (!proxied) return json(200, { items: [], metadata: {} });

    const [, namespace, service, plain] = proxied;
    const isUsual = namespace === NKVM_NAMESPACE && service === NKVM_SERVICE;
    const request = `${method} ${isUsual ? '' : `${namespace}/${service} `}${plain}`;
    cluster.calls.push(sent ? `${request} ${JSON.stringify(sent)}` : request + search);
    cluster.sent.push({ path, token: headers.get(TOKEN_HEADER) });
    return give(request, sent, headers, search, init.signal);
  }

  async function give(
    request: string,
    sent: unknown,
    headers: Headers,
    search: string,
    signal?: AbortSignal | null
  ): Promise<Response> {
    const answer = known[request] ?? refusal(404, `${request} is not in this test`);
    const body = await (typeof answer === 'function'
      ? answer(sent, { headers, search, signal })
      : answer);
    // A stream cannot be read twice.
    if (body instanceof Response) return body.headers.has('X-Stream') ? body : body.clone();
    return json(200, body);
  }

  vi.stubGlobal('fetch', fetchFake);
  return cluster;
}

/** A stream of server-sent events that the test writes to. */
export function fakeStream() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const write = (text: string) => controller?.enqueue(new TextEncoder().encode(text));
  return {
    /** Each request gets a stream of its own; the newest one is written to. */
    answer(_: unknown, { signal }: { signal?: AbortSignal | null }) {
      const body = new ReadableStream<Uint8Array>({
        start(it) {
          controller = it;
          signal?.addEventListener('abort', () => {
            it.error(new Error('aborted'));
            if (controller === it) controller = undefined;
          });
        },
      });
      return new Response(body, { headers: { 'X-Stream': 'yes' } });
    },
    isOpen: () => controller !== undefined,
    send: (event: string, data: object) =>
      write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    ping: () => write(': ping\n\n'),
    end: () => controller?.close(),
  };
}

/** An answer whose connection breaks before all of `body` has come. */
export function cutOff(body: object): Response {
  const text = JSON.stringify(body);
  const half = new TextEncoder().encode(text.slice(0, text.length / 2));
  let isSent = false;
  return new Response(
    new ReadableStream<Uint8Array>({
      pull(it) {
        // Browsers say this with a TypeError.
        if (isSent) it.error(new TypeError('network error'));
        else it.enqueue(half);
        isSent = true;
      },
    }),
    { headers: { 'X-Stream': 'yes' } }
  );
}
