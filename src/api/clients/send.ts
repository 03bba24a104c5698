import { ApiProxy } from '@kinvolk/headlamp-plugin/lib';
import {
  audienceOf,
  TOKEN_CLUSTER_HEADER,
  TOKEN_HEADER,
  UNIQUE_SEGMENT_PREFIX,
} from '../../../sidecar/api/names.ts';
import { noteClock } from '../../ui/time/clock';
import { type Failure, failureOf } from '../failure';
import { confidential } from '../session/confidential';
import { expectNoPage, LoginPage, orLoginPage } from '../session/loginPage';
import { placeOf, proxyPathOf, wayTo } from '../session/place';
import type { Session, WhoAmI } from '../session/session';
import { type Mint, TokenRefused, type Tokens } from '../session/token';
import { type FileUpload, uploadFile } from './uploadFile';
import { whole } from './wholeAnswer';

/** The shortest life that the API server gives. */
const TOKEN_LIFE_SECONDS = 600;

/** Headlamp's server sets it on answers from its cache. */
const CACHE_HEADER = 'X-HEADLAMP-CACHE';

/** Headlamp's server answered from its cache, whose key knows neither tokens nor queries: perhaps with others' data. */
export class CachedAnswer extends Error {
  constructor() {
    super('Headlamp answered from its cache');
    this.name = 'CachedAnswer';
  }
}

export interface SidecarRequest {
  /** Path and query of the sidecar's API, e.g. `/api/v1/volumes`. */
  path: string;
  /** Sent as JSON, by POST where no method is named. */
  body?: object;
  /** The body holds credentials. */
  isConfidential?: boolean;
  /** Sent as it is, by POST, without a time limit. */
  file?: FileUpload;
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The namespace that the request is about: a plain user's token is minted there. */
  namespace?: string;
  /** Removes the time limit of two minutes, too. */
  signal?: AbortSignal;
  /** ETag of the answer that is known: the request fails with status 304 while it is still right. */
  ifNoneMatch?: string;
}

/**
 * @throws Error{message, status} as ApiProxy throws it, CachedAnswer, LoginPage or TokenRefused. The `json` of what it
 *   returns throws CutOff.
 */
export type Send = (request: SidecarRequest) => Promise<Response>;

/**
 * Mints tokens by TokenRequest, with the rights of the person at the browser. They are of use to the NKVM at the cluster's
 * place only.
 */
export const mintIn =
  (cluster: string): Mint =>
  async (namespace, account) => {
    const { spec, status } = await ApiProxy.post(
      `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${account}/token`,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          audiences: [audienceOf(placeOf(cluster).namespace)],
          expirationSeconds: TOKEN_LIFE_SECONDS,
        },
      },
      false,
      { cluster }
    );
    const seconds: number = spec?.expirationSeconds ?? TOKEN_LIFE_SECONDS;
    return { token: status.token, lifeMs: seconds * 1000 };
  };

const NEVER = new AbortController().signal;

const WHO_AM_I_MS = 10_000;

/** Asks by SelfSubjectReview, which everybody who is logged in may send. */
export const whoAmIIn =
  (cluster: string): WhoAmI =>
  async () => {
    try {
      const { status } = await ApiProxy.post(
        '/apis/authentication.k8s.io/v1/selfsubjectreviews',
        { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
        false,
        // A page waits for this.
        { cluster, timeout: WHO_AM_I_MS }
      );
      const { username, uid } = status?.userInfo ?? {};
      return username ? JSON.stringify([username, uid]) : undefined;
    } catch (error) {
      if (isPerhapsPage(error)) await doorOf(cluster);
      // Kubernetes before 1.28 does not know it, and an administrator may have removed the right.
      if ([403, 404, 405].includes(failureOf(error).status)) return undefined;
      throw error;
    }
  };

/** Of an answer that is not JSON, ApiProxy leaves no more than that it could not be read, or its status. */
const isPerhapsPage = (error: unknown): boolean =>
  error instanceof SyntaxError ||
  (error instanceof Error &&
    [401, 403].includes(failureOf(error).status) &&
    !error.message.includes(' - '));

/**
 * One request through the service proxy of `cluster`. Without a token it only asks whether there is a sidecar.
 *
 * The path ends with a segment that no other request has, which the sidecar removes: the cache of Headlamp's server
 * (`-cache-enabled`) knows requests by their last segment, and would give one claim's backups for another's.
 *
 * @throws what `Send` throws, except TokenRefused.
 */
export async function callSidecar(
  cluster: string,
  { path, body, isConfidential, file, method, signal, ifNoneMatch }: SidecarRequest,
  token?: string
): Promise<Response> {
  const place = placeOf(cluster);
  const headers: Record<string, string> = {
    ...(token && { [TOKEN_HEADER]: token }),
    ...(token && place.as && { [TOKEN_CLUSTER_HEADER]: place.as }),
    ...(body && { 'Content-Type': 'application/json' }),
    ...(ifNoneMatch && { 'If-None-Match': ifNoneMatch }),
  };
  const send = (): Promise<Response> => {
    if (file) {
      const type = { ...headers, 'Content-Type': 'application/gzip' };
      return uploadFile(cluster, unique(path), type, file, signal ?? NEVER);
    }
    return ApiProxy.clusterRequest(proxyPathOf(place) + unique(path), {
      cluster: place.cluster,
      method: method ?? (body ? 'POST' : 'GET'),
      headers,
      isJSON: false,
      autoLogoutOnAuthError: false,
      ...(body && { body: isConfidential ? confidential(body) : JSON.stringify(body) }),
      // Even `undefined` would remove the time limit.
      ...(signal && { signal }),
    });
  };
  let response: Response;
  try {
    response = expectNoPage(await send());
  } catch (error) {
    throw orLoginPage(error);
  }
  if (response.headers.get(CACHE_HEADER)) {
    void response.body?.cancel().catch(() => undefined);
    throw new CachedAnswer();
  }
  noteClock(cluster, response.headers.get('Date'));
  return whole(response);
}

/** @returns `path` with a last segment that no other request has. */
export function unique(path: string): string {
  const [before = '', ...query] = path.split('?');
  const random = Array.from(crypto.getRandomValues(new Uint8Array(12)), byte =>
    byte.toString(16).padStart(2, '0')
  ).join('');
  return [`${before}/${UNIQUE_SEGMENT_PREFIX}${random}`, ...query].join('?');
}

/**
 * Sends with a token of the person who is logged in now, and once more with a new one when the sidecar does not accept
 * it.
 */
export const sendTo =
  (cluster: string, tokens: Tokens, session: Session): Send =>
  async request => {
    const token = await tokenFor(cluster, tokens, session, request.namespace);
    try {
      return await callSidecar(cluster, request, token);
    } catch (error) {
      if (error instanceof LoginPage || failureOf(error).status !== 401) throw error;
      tokens.forget(token);
      return callSidecar(
        cluster,
        request,
        await tokenFor(cluster, tokens, session, request.namespace)
      );
    }
  };

/**
 * @throws TokenRefused with what the sidecar answers without a token, or an error when another NKVM was chosen while the
 *   token was minted: it is not for that one.
 */
async function tokenFor(
  cluster: string,
  tokens: Tokens,
  session: Session,
  namespace?: string
): Promise<string> {
  const way = wayTo(placeOf(cluster));
  try {
    const token = await confirmed(tokens, session, namespace);
    if (wayTo(placeOf(cluster)) !== way) throw new Error('another NKVM was chosen');
    return token;
  } catch (error) {
    if (error instanceof TokenRefused) error.door ??= await doorOf(cluster);
    throw error;
  }
}

/**
 * A token of the person who is logged in, by a question that began after this call. A token that is minted for this call
 * is proven by a second question: somebody else may have logged in while it was minted.
 *
 * @throws TokenRefused, what `WhoAmI` threw, or an error when another person logged in while the token was minted.
 */
export async function confirmed(
  tokens: Tokens,
  session: Session,
  namespace?: string
): Promise<string> {
  await session.confirm();
  const held = tokens.held();
  const confirm = session.guard();
  const token = await tokens.get(namespace);
  // Without a name there is nothing to compare: each request then has a token of its own.
  if (session.isKnown() && !held.includes(token)) await confirm();
  return token;
}

/** @returns what the sidecar answers without a token, or what answers in its place. @throws LoginPage */
export async function doorOf(cluster: string): Promise<Failure> {
  try {
    await callSidecar(cluster, { path: '/api/v1/info' });
    return { status: 401, message: 'a token is missing' };
  } catch (error) {
    if (error instanceof LoginPage) throw error;
    return failureOf(error);
  }
}
