import type {
  Backup,
  BackupList,
  BackupQuery,
  Info,
  StartedBackups,
  Volume,
  VolumeList,
  VolumeRef,
} from '../../sidecar/api';
import type { Send } from './send';

/** The sidecar's API, typed. Every call throws what `Send` throws. */
export interface Client {
  info(namespace?: string): Promise<Info>;
  /** Of one namespace, or of all that the caller may see. */
  volumes(namespace?: string): Promise<Volume[]>;
  volume(ref: VolumeRef): Promise<Volume>;
  /** Starts all or none. They are of one namespace: a plain user's token is good for one. */
  start(volumes: VolumeRef[]): Promise<Backup[]>;
  backups(query: Partial<BackupQuery>): Promise<BackupList>;
  /** @param namespace of the volume, where it is known: see `SidecarRequest`. */
  backup(id: string, namespace?: string): Promise<Backup>;
  cancel(id: string, namespace?: string): Promise<Backup>;
  /** Server-sent events, each with a whole backup, until the run has ended. */
  events(id: string, signal: AbortSignal, namespace?: string): Promise<Response>;
}

export function createClient(send: Send): Client {
  const json = async (request: Parameters<Send>[0]) => (await send(request)).json();
  const run = (id: string) => `/api/v1/backups/${encodeURIComponent(id)}`;

  return {
    info: namespace => json({ path: '/api/v1/info', namespace }),
    async volumes(namespace) {
      const { volumes }: VolumeList = await json({
        path: `/api/v1/volumes${query({ namespace })}`,
        namespace,
      });
      return volumes;
    },
    volume: ({ namespace, name }) =>
      json({ path: `/api/v1/volumes/${namespace}/${name}`, namespace }),
    async start(volumes) {
      const { backups }: StartedBackups = await json({
        path: '/api/v1/backups',
        // Only what the contract names: the sidecar refuses anything else, and callers hold richer objects.
        body: { volumes: volumes.map(({ namespace, name }) => ({ namespace, name })) },
        namespace: volumes[0]?.namespace,
      });
      return backups;
    },
    backups: ({ namespace, name, status, cursor, limit }) =>
      json({
        path: `/api/v1/backups${query({ namespace, name, status, cursor, limit })}`,
        namespace,
      }),
    backup: (id, namespace) => json({ path: run(id), namespace }),
    cancel: (id, namespace) => json({ path: `${run(id)}/cancel`, method: 'POST', namespace }),
    events: (id, signal, namespace) => send({ path: `${run(id)}/events`, signal, namespace }),
  };
}

/** @returns `?a=1&b=2` of the parameters that have a value, or nothing. */
function query(parameters: Record<string, string | number | undefined>): string {
  const set = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]]
  );
  return set.length > 0 ? `?${new URLSearchParams(set)}` : '';
}
