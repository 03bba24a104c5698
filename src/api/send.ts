import { ApiProxy } from '@kinvolk/headlamp-plugin/lib';
import { SERVICE_PROXY_PATH, TOKEN_AUDIENCE, TOKEN_HEADER } from '../../sidecar/api/names.ts';
import { failureOf } from './failure';
import type { Mint, Tokens } from './token';

/** The shortest life that the API server gives. */
const TOKEN_LIFE_SECONDS = 600;

export interface SidecarRequest {
  /** Path and query of the sidecar's API, e.g. `/api/v1/volumes`. */
  path: string;
  /** Sent as JSON, by POST. */
  body?: object;
  method?: 'GET' | 'POST';
  /** The namespace that the request is about: a plain user's token is minted there. */
  namespace?: string;
  /** Takes away the time limit of two minutes, too. */
  signal?: AbortSignal;
}

/** @throws Error{message, status} as ApiProxy throws it, or TokenRefused. */
export type Send = (request: SidecarRequest) => Promise<Response>;

/** Mints tokens by TokenRequest, with the rights of the person at the browser. */
export const mintIn =
  (cluster: string): Mint =>
  async (namespace, account) => {
    const { spec, status } = await ApiProxy.post(
      `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { audiences: [TOKEN_AUDIENCE], expirationSeconds: TOKEN_LIFE_SECONDS },
      },
      false,
      { cluster }
    );
    const seconds: number = spec?.expirationSeconds ?? TOKEN_LIFE_SECONDS;
    return { token: status.token, lifeMs: seconds * 1000 };
  };

/** One request through the service proxy of `cluster`. Without a token it only asks who answers there. */
export function callSidecar(
  cluster: string,
  { path, body, method, signal }: SidecarRequest,
  token?: string
): Promise<Response> {
  const headers: Record<string, string> = {
    ...(token && { [TOKEN_HEADER]: token }),
    ...(body && { 'Content-Type': 'application/json' }),
  };
  return ApiProxy.clusterRequest(SERVICE_PROXY_PATH + path, {
    cluster,
    method: method ?? (body ? 'POST' : 'GET'),
    headers,
    isJSON: false,
    autoLogoutOnAuthError: false,
    ...(body && { body: JSON.stringify(body) }),
    // Even `undefined` would take the time limit away.
    ...(signal && { signal }),
  });
}

/** Sends with a token, and once more with a new one when the sidecar does not take it. */
export const sendTo =
  (cluster: string, tokens: Tokens): Send =>
  async request => {
    const token = await tokens.get(request.namespace);
    try {
      return await callSidecar(cluster, request, token);
    } catch (error) {
      if (failureOf(error).status !== 401) throw error;
      tokens.forget(token);
      return callSidecar(cluster, request, await tokens.get(request.namespace));
    }
  };
