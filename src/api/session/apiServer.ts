import { ApiProxy } from '@kinvolk/headlamp-plugin/lib';
import { failureOf } from '../failure';
import { expectNoPage, LoginPage, orLoginPage } from './loginPage';

interface ApiRequest {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  type?: string;
  body?: BodyInit;
}

/**
 * Asks the API server of a cluster as the person at the browser.
 * @throws what ApiProxy throws, or LoginPage: a page with status 200 is no success.
 */
export async function askApiServer(
  cluster: string,
  path: string,
  { method = 'GET', type = 'application/json', body }: ApiRequest = {}
): Promise<Response> {
  try {
    const response: Response = await ApiProxy.clusterRequest(path, {
      cluster,
      method,
      headers: { 'Content-Type': type, Accept: 'application/json' },
      isJSON: false,
      autoLogoutOnAuthError: false,
      ...(body !== undefined && { body }),
    });
    return expectNoPage(response);
  } catch (error) {
    throw orLoginPage(error);
  }
}

/** Why the API server did not do what a person asked it for. */
export type NotDone =
  | { kind: 'refused'; message: string }
  /** The session of Headlamp, or of a login proxy in front of it, has ended. */
  | { kind: 'loggedOut' | 'loginPage' }
  /** It may have been done all the same. */
  | { kind: 'noAnswer'; message: string };

/** Classifies what a change through `askApiServer` threw. Only an answer of the API server itself is a refusal. */
export function notDoneOf(error: unknown): NotDone {
  if (error instanceof LoginPage) return { kind: 'loginPage' };
  const { status, message } = failureOf(error);
  if (status === 401) return { kind: 'loggedOut' };
  return {
    kind: status >= 400 && status < 500 && status !== 408 ? 'refused' : 'noAnswer',
    message,
  };
}
