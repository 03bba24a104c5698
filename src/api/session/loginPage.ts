import { failureOf, isPageText } from '../failure';

/**
 * A page came instead of an answer: a login proxy in front of Headlamp, e.g. oauth2-proxy, has no session of this browser
 * any more. Neither NKVM nor the API server answers with HTML.
 */
export class LoginPage extends Error {
  /** As for everything else that ends a session. */
  readonly status = 401;

  constructor() {
    super('a page came instead of an answer');
    this.name = 'LoginPage';
  }
}

const isPage = (response: Response): boolean =>
  /^text\/html\b/i.test(response.headers.get('Content-Type') ?? '');

/** @returns `response`. @throws LoginPage when a page was answered with status 200, or by a redirect to it. */
export function expectNoPage(response: Response): Response {
  if (!isPage(response)) return response;
  void response.body?.cancel().catch(() => undefined);
  throw new LoginPage();
}

/** @returns `error`, as ApiProxy throws it without `isJSON`, or a LoginPage where a page was answered with 401 or 403. */
export function orLoginPage(error: unknown): unknown {
  const [, ...body] = error instanceof Error ? error.message.split(' - ') : [];
  const isOfPage = isPageText(body.join(' - '));
  return isOfPage && [401, 403].includes(failureOf(error).status) ? new LoginPage() : error;
}
