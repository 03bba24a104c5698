import type {
  Check,
  CheckList,
  ForeignArchives,
  Restore,
  RestoreList,
  RestorePlan,
  RestoreQuery,
  StartDrill,
  StartedCheck,
  StartedRestore,
  StartRestore,
} from '../../../sidecar/api';
import { queryText } from '../queries/queryText';
import type { Connection } from '../session/connection';
import type { SidecarRequest } from './send';

/** Where a plain user's token is minted, and what ends the request. */
export interface At {
  namespace?: string;
  signal?: AbortSignal;
}

/** The sidecar's API of restores and checks, typed. Every call throws what `Send` throws. */
export interface RestoreClient {
  /** Changes nothing. A look at a claim that exists takes some seconds. The request names the cluster of the claim. */
  plan(request: StartRestore, at?: At): Promise<RestorePlan>;
  start(request: StartRestore, at?: At): Promise<StartedRestore>;
  restores(query: Partial<RestoreQuery>): Promise<RestoreList>;
  restore(id: string, at?: At): Promise<Restore>;
  cancel(id: string, at?: At): Promise<Restore>;
  /** Restores the safety backup that was taken before. */
  undo(id: string, at?: At): Promise<StartedRestore>;
  /** Server-sent events `restore`, each with a whole restore, until it has ended. */
  events(id: string, at: At): Promise<Response>;
  /** Archives at the destination that no backup in the history has. */
  archives(at?: At): Promise<ForeignArchives>;
  /** Reads an archive again and compares it with its seal. */
  verify(backup: string, at?: At): Promise<StartedCheck>;
  /** Restores into a claim that is deleted afterwards. */
  drill(backup: string, request: StartDrill, at?: At): Promise<StartedCheck>;
  /** Of one backup, newest first. */
  checks(backup: string, at?: At): Promise<CheckList>;
  check(id: string, at?: At): Promise<Check>;
  cancelCheck(id: string, at?: At): Promise<Check>;
  /** Server-sent events `check`, each with a whole check, until it has ended. */
  checkEvents(id: string, at: At): Promise<Response>;
}

export function restoreClient({
  send,
  cluster,
}: Pick<Connection, 'send' | 'cluster'>): RestoreClient {
  const json = async (request: SidecarRequest, at: At = {}) =>
    (await send({ ...request, ...at })).json();
  const post = (path: string, body: object | undefined, at?: At) =>
    json({ path, method: 'POST', ...(body && { body }) }, at);
  const restore = (id: string) => `/api/v1/restores/${encodeURIComponent(id)}`;
  const backup = (id: string) => `/api/v1/backups/${encodeURIComponent(id)}`;
  const check = (id: string) => `/api/v1/checks/${encodeURIComponent(id)}`;

  return {
    plan: (request, at) => post('/api/v1/restores/plan', request, at),
    start: (request, at) => post('/api/v1/restores', request, at),
    restores: ({ namespace, name, status, cursor, limit }) =>
      json(
        {
          path: `/api/v1/restores${queryText({ cluster, namespace, name, status, cursor, limit })}`,
        },
        { namespace }
      ),
    restore: (id, at) => json({ path: restore(id) }, at),
    cancel: (id, at) => post(`${restore(id)}/cancel`, undefined, at),
    undo: (id, at) => post(`${restore(id)}/undo`, undefined, at),
    events: (id, at) => send({ path: `${restore(id)}/events`, ...at }),
    archives: at => json({ path: '/api/v1/archives' }, at),
    verify: (id, at) => post(`${backup(id)}/verify`, undefined, at),
    drill: (id, request, at) => post(`${backup(id)}/drill`, request, at),
    checks: (id, at) => json({ path: `${backup(id)}/checks` }, at),
    check: (id, at) => json({ path: check(id) }, at),
    cancelCheck: (id, at) => post(`${check(id)}/cancel`, undefined, at),
    checkEvents: (id, at) => send({ path: `${check(id)}/events`, ...at }),
  };
}
