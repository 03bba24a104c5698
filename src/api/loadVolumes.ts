import type { Volume } from '../../sidecar/api';
import type { Client } from './client';
import { type Failure, failureOf } from './failure';
import { TokenRefused } from './token';

export interface LoadedVolumes {
  volumes: Volume[];
  /** Namespaces that could not be asked, where others could. */
  failures: (Failure & { namespace: string })[];
}

/**
 * Loads the volumes of a cluster in one call, or, for those who may not have the administrator's token, those of the
 * namespaces at hand, one by one.
 *
 * @throws what the first namespace threw, when none of them could be asked.
 */
export async function loadVolumes(
  client: Pick<Client, 'volumes'>,
  namespaces: string[]
): Promise<LoadedVolumes> {
  try {
    return { volumes: await client.volumes(), failures: [] };
  } catch (error) {
    if (!(error instanceof TokenRefused) || namespaces.length === 0) throw error;
  }
  const answers = await Promise.allSettled(namespaces.map(client.volumes));
  const volumes = answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []));
  const failures = answers.flatMap((answer, index) =>
    answer.status === 'rejected'
      ? [{ ...failureOf(answer.reason), namespace: namespaces[index]! }]
      : []
  );
  const [first] = answers;
  if (failures.length === answers.length && first?.status === 'rejected') throw first.reason;
  return { volumes, failures };
}
