import { vi } from 'vitest';
import { SERVICE_PROXY_PATH } from '../../sidecar/api/names.ts';

type Body = object | Response;
/** What a request gets: a body for 200, a whole answer, or a function of what was sent. */
type Answer = Body | ((sent: unknown) => Body | Promise<Body>);

export interface FakeCluster {
  /** Of its own for each test: the plugin keeps what it knows of a cluster as long as the page lives. */
  name: string;
  /** Requests to the sidecar, e.g. `POST /backups {"volumes":[…]}`. */
  calls: string[];
  /** Changes an answer while the page is shown. */
  answer(request: string, answer: Answer): void;
}

export const TOKEN_REQUEST = 'POST nkvm/nkvm-admin token';

const info = { name: 'nkvm', version: '0.1.0', cluster: 'main', namespace: 'nkvm' };
const token = { spec: { expirationSeconds: 600 }, status: { token: 'minted' } };

const json = (status: number, body: object) =>
  new Response(JSON.stringify(body), { status, statusText: 'Some Status' });

/** A refusal of the sidecar, or of the API server: the plugin sees only these two. */
export const refusal = (status: number, message: string) => json(status, { message });

let count = 0;

/**
 * Puts itself in the place of `fetch`, below Headlamp's ApiProxy: what is tested is all of the plugin.
 *
 * @param answers of the sidecar, by method and path below `/api/v1`, e.g. `GET /volumes`. It is installed and gives
 *   tokens, where nothing else is said. Other requests of Headlamp get empty lists.
 */
export function fakeCluster(answers: Record<string, Answer>): FakeCluster {
  const cluster: FakeCluster = {
    name: `cluster-${++count}`,
    calls: [],
    answer: (request, answer) => void (known[request] = answer),
  };
  const known: Record<string, Answer> = {
    [TOKEN_REQUEST]: token,
    'GET /info': info,
    ...answers,
  };

  async function fetchFake(url: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    const method = init.method ?? 'GET';
    const { pathname, search } = new URL(String(url), 'http://headlamp');
    const path = pathname.replace(/^\/clusters\/[^/]+/, '');
    const sent = typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
    const tokenOf = /^\/api\/v1\/namespaces\/(.+)\/serviceaccounts\/(.+)\/token$/.exec(path);
    if (tokenOf) return give(`${method} ${tokenOf[1]}/${tokenOf[2]} token`, sent);
    if (!path.startsWith(SERVICE_PROXY_PATH)) return json(200, { items: [], metadata: {} });

    const request = `${method} ${path.slice(`${SERVICE_PROXY_PATH}/api/v1`.length)}`;
    cluster.calls.push(sent ? `${request} ${JSON.stringify(sent)}` : request + search);
    return give(request, sent);
  }

  async function give(request: string, sent: unknown): Promise<Response> {
    const answer = known[request] ?? refusal(404, `${request} is not in this test`);
    const body = await (typeof answer === 'function' ? answer(sent) : answer);
    return body instanceof Response ? body.clone() : json(200, body);
  }

  vi.stubGlobal('fetch', fetchFake);
  return cluster;
}
