import type {
  CheckSettings,
  CopyRun,
  DestinationCheck,
  DestinationDetails,
  DestinationList,
  RecoveryKit,
  StartedCopy,
  UnlockDestination,
} from '../../../sidecar/api';
import type { Connection } from '../session/connection';
import type { At } from './restoreClient';
import type { SidecarRequest } from './send';

/** The sidecar's API of destinations, typed. Every call throws what `Send` throws. */
export interface DestinationClient {
  destinations(at?: At): Promise<DestinationList>;
  destination(name: string, at?: At): Promise<DestinationDetails>;
  /** Does all that a backup does with a small file. */
  check(name: string, at?: At): Promise<DestinationCheck>;
  /** The same with settings that are not stored anywhere. */
  checkSettings(settings: CheckSettings, at?: At): Promise<DestinationCheck>;
  /** Tries to delete a probe. */
  checkAppendOnly(name: string, at?: At): Promise<void>;
  /** Reads all manifests there. */
  readCatalog(name: string, at?: At): Promise<void>;
  unlock(name: string, key: UnlockDestination, at?: At): Promise<void>;
  lock(name: string, at?: At): Promise<void>;
  recoveryKit(name: string, at?: At): Promise<RecoveryKit>;
  /** Copies the archive of a backup to another destination. */
  copy(backup: string, destination: string, at?: At): Promise<StartedCopy>;
  /** A run that makes a copy. */
  copyRun(id: string, at?: At): Promise<CopyRun>;
  cancelCopy(id: string, at?: At): Promise<void>;
}

export function destinationClient({ send }: Pick<Connection, 'send'>): DestinationClient {
  const get = async (path: string, at: At = {}) => (await send({ path, ...at })).json();
  const post = async (
    request: Pick<SidecarRequest, 'path' | 'body' | 'isConfidential'>,
    at: At = {}
  ) => await send({ ...request, method: 'POST', ...at });
  const one = (name: string) => `/api/v1/destinations/${encodeURIComponent(name)}`;
  const act = async (name: string, action: string, at?: At, body?: object) =>
    void (await post({ path: `${one(name)}/${action}`, body, isConfidential: true }, at));

  return {
    destinations: at => get('/api/v1/destinations', at),
    destination: (name, at) => get(one(name), at),
    check: async (name, at) => (await post({ path: `${one(name)}/check` }, at)).json(),
    checkSettings: async (body, at) =>
      (await post({ path: '/api/v1/destinations/check', body, isConfidential: true }, at)).json(),
    checkAppendOnly: (name, at) => act(name, 'append-only', at),
    readCatalog: (name, at) => act(name, 'catalog', at),
    unlock: (name, key, at) => act(name, 'unlock', at, key),
    lock: (name, at) => act(name, 'lock', at),
    recoveryKit: (name, at) => get(`${one(name)}/recovery-kit`, at),
    copyRun: (id, at) => get(`/api/v1/copies/${encodeURIComponent(id)}`, at),
    cancelCopy: async (id, at) =>
      void (await post({ path: `/api/v1/copies/${encodeURIComponent(id)}/cancel` }, at)),
    copy: async (backup, destination, at) =>
      (
        await post(
          { path: `/api/v1/backups/${encodeURIComponent(backup)}/copies`, body: { destination } },
          at
        )
      ).json(),
  };
}
