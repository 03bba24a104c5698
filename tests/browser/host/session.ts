import type http from 'node:http';
import { json } from 'node:stream/consumers';
import { sendJson } from './files.ts';

/** As headlamp-server does, long tokens are split: browsers keep no cookie above 4 KiB. */
const CHUNK_BYTES = 3800;

const cookieName = (cluster: string, index: number): string =>
  `headlamp-auth-${cluster.replace(/[^\w-]/g, '').slice(0, 50)}.${index}`;

/** @returns the token with which the browser has logged in to `cluster`; undefined when it has not. */
export function tokenOf({ headers }: http.IncomingMessage, cluster: string): string | undefined {
  const cookies = new Map(
    (headers.cookie ?? '').split(/; */).map(pair => {
      const [name = '', ...value] = pair.split('=');
      return [name, value.join('=')] as const;
    })
  );
  let token = '';
  for (let index = 0; cookies.has(cookieName(cluster, index)); index += 1) {
    token += cookies.get(cookieName(cluster, index));
  }
  return token || undefined;
}

/** Answers `POST /clusters/NAME/set-token`: keeps the token in cookies that no script can read. `null` logs out. */
export async function setToken(
  req: http.IncomingMessage,
  res: http.ServerResponse,
  cluster: string,
  baseUrl: string
): Promise<void> {
  const { token } = (await json(req)) as { token: string | null };
  const attributes = `Path=${baseUrl}/clusters/${cluster}; HttpOnly; SameSite=Strict`;
  const chunks = token?.match(new RegExp(`.{1,${CHUNK_BYTES}}`, 'g')) ?? [];
  const known = (headers: http.IncomingHttpHeaders, index: number) =>
    headers.cookie?.includes(`${cookieName(cluster, index)}=`);
  const cookies = chunks.map(
    (chunk, index) => `${cookieName(cluster, index)}=${chunk}; ${attributes}; Max-Age=86400`
  );
  for (let index = chunks.length; known(req.headers, index); index += 1) {
    cookies.push(`${cookieName(cluster, index)}=; ${attributes}; Max-Age=0`);
  }
  res.setHeader('set-cookie', cookies);
  sendJson(res, 200, {});
}

/** Answers `GET /clusters/NAME/me`: headlamp-server knows only what the token says of itself. */
export function sendMe(res: http.ServerResponse, token: string | undefined): void {
  const claims = token && claimsOf(token);
  if (!claims) return sendJson(res, 401, { message: 'unauthorized' });
  sendJson(res, 200, { username: claims.sub ?? '', email: '', groups: [] });
}

function claimsOf(token: string): { sub?: string } | undefined {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
