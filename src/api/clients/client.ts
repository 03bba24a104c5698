import type {
  Backup,
  BackupList,
  BackupQuery,
  StartedBackups,
  Volume,
  VolumeList,
  VolumeRef,
} from '../../../sidecar/api';
import { failureOf } from '../failure';
import { queryText as query } from '../queries/queryText';
import type { Send } from './send';

/** A list of volumes as the sidecar gave it. */
export interface ServedVolumes {
  volumes: Volume[];
  /** Not everything could be looked at. */
  incomplete: boolean;
  /** Why the list may be out of date, in sentences. */
  stale: string[];
  etag?: string;
}

/** The sidecar's API, typed. Every call throws what `Send` throws. */
export interface Client {
  /**
   * Of one namespace, or of all that the caller may see.
   *
   * @param known is returned where it is still right; nothing is downloaded then.
   */
  volumes(namespace?: string, known?: ServedVolumes): Promise<ServedVolumes>;
  volume(ref: VolumeRef): Promise<Volume>;
  /**
   * Starts those that can be backed up. A plain user's token is good for one namespace.
   *
   * @param at.destinations where to; by default what is configured for the volume.
   * @param at.form `full`: no increment, although one could be made
   */
  start(
    volumes: VolumeRef[],
    at?: { namespace?: string; destinations?: string[]; form?: 'full' }
  ): Promise<StartedBackups>;
  backups(query: Partial<BackupQuery>): Promise<BackupList>;
  /** @param namespace of the volume, where it is known: see `SidecarRequest`. */
  backup(id: string, namespace?: string): Promise<Backup>;
  cancel(id: string, namespace?: string): Promise<Backup>;
  /** Server-sent events, each with a whole backup, until the run has ended. */
  events(id: string, signal: AbortSignal, namespace?: string): Promise<Response>;
  /** Server-sent events with the volumes that have changed, without an end. */
  changes(signal: AbortSignal, namespace?: string): Promise<Response>;
}

const NOT_MODIFIED = 304;

/** Otherwise a page would wait for volumes for ever. */
const notAList = (): Error =>
  Object.assign(
    new Error(
      'the answer has no list of volumes: NKVM and this plugin may be of different versions, or something else answered in its place'
    ),
    { status: 500 }
  );

/** @param clusterNow gives the cluster that NKVM is asked about, by its name there; undefined: its own. */
export function createClient(
  send: Send,
  clusterNow: () => string | undefined = () => undefined
): Client {
  const json = async (request: Parameters<Send>[0]) => (await send(request)).json();
  const run = (id: string) => `/api/v1/backups/${encodeURIComponent(id)}`;

  return {
    async volumes(namespace, known) {
      try {
        const response = await send({
          path: `/api/v1/volumes${query({ cluster: clusterNow(), namespace })}`,
          namespace,
          ifNoneMatch: known?.etag,
        });
        const { volumes, incomplete, stale }: VolumeList = await response.json();
        if (!Array.isArray(volumes)) throw notAList();
        return { volumes, incomplete, stale, etag: response.headers.get('ETag') ?? undefined };
      } catch (error) {
        if (known && failureOf(error).status === NOT_MODIFIED) return known;
        throw error;
      }
    },
    volume: ({ namespace, name }) =>
      json({
        path:
          `/api/v1/volumes/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}` +
          query({ cluster: clusterNow() }),
        namespace,
      }),
    start(volumes, { namespace, destinations, form } = {}) {
      const cluster = clusterNow();
      return json({
        path: '/api/v1/backups',
        // Only what the contract names: the sidecar refuses anything else, and callers hold richer objects.
        body: {
          ...(cluster && { cluster }),
          volumes: volumes.map(({ namespace, name }) => ({ namespace, name })),
          ...(destinations && { destinations }),
          ...(form && { form }),
        },
        namespace,
      });
    },
    backups: ({ namespace, name, status, destination, cursor, limit }) =>
      json({
        path: `/api/v1/backups${query({
          ...{ cluster: clusterNow(), namespace, name, status, destination, cursor, limit },
        })}`,
        namespace,
      }),
    backup: (id, namespace) => json({ path: run(id), namespace }),
    cancel: (id, namespace) => json({ path: `${run(id)}/cancel`, method: 'POST', namespace }),
    events: (id, signal, namespace) => send({ path: `${run(id)}/events`, signal, namespace }),
    changes: (signal, namespace) =>
      send({
        path: `/api/v1/volumes/events${query({ cluster: clusterNow() })}`,
        signal,
        namespace,
      }),
  };
}
