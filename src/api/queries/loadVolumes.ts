import type { Volume } from '../../../sidecar/api';
import type { Client, ServedVolumes } from '../clients/client';
import { type Trouble, troubleOf } from '../trouble';

export interface LoadedVolumes {
  volumes: Volume[];
  /** What the sidecar gave, by namespace (`''` for all of them): `volumes` may have been patched since. */
  served: Record<string, ServedVolumes>;
  /** Namespaces that could not be asked, where others could. */
  closed: { namespace: string; trouble: Trouble }[];
  /** Not everything could be looked at. */
  incomplete: boolean;
  /** Why the list may be out of date, in sentences. */
  stale: string[];
}

/** Loads the volumes of a cluster in one call, for those who may have the administrator's token. */
export async function loadAll(
  client: Pick<Client, 'volumes'>,
  known?: LoadedVolumes
): Promise<LoadedVolumes> {
  const served = await client.volumes(undefined, known?.served['']);
  return {
    volumes: served.volumes,
    served: { '': served },
    closed: [],
    incomplete: served.incomplete,
    stale: served.stale,
  };
}

/**
 * Loads the volumes of `namespaces`, one by one, for everybody else.
 *
 * @throws what the first namespace threw, when none of them could be asked.
 */
export async function loadEach(
  client: Pick<Client, 'volumes'>,
  namespaces: string[],
  known?: LoadedVolumes
): Promise<LoadedVolumes> {
  const answers = await Promise.allSettled(
    namespaces.map(namespace => client.volumes(namespace, known?.served[namespace]))
  );
  const loaded: LoadedVolumes = {
    volumes: [],
    served: {},
    closed: [],
    incomplete: false,
    stale: [],
  };
  answers.forEach((answer, index) => {
    const namespace = namespaces[index]!;
    if (answer.status === 'rejected') {
      loaded.closed.push({ namespace, trouble: troubleOf(answer.reason) });
      return;
    }
    loaded.served[namespace] = answer.value;
    loaded.volumes.push(...answer.value.volumes);
    loaded.incomplete ||= answer.value.incomplete;
    loaded.stale = [...new Set([...loaded.stale, ...answer.value.stale])];
  });
  const [first] = answers;
  if (loaded.closed.length === answers.length && first?.status === 'rejected') throw first.reason;
  return loaded;
}
