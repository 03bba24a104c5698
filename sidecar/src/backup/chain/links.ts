import type { ChainLink } from '../../../api/index.ts';
import type { ArchiveForm } from '../../archive/name.ts';
import { archiveNameIn, manifestName } from '../../archive/name.ts';
import type { Destination } from '../../destinations/destination.ts';
import { StageError } from '../../errors.ts';

/** A destination, and how it stores archives. */
export interface LinkPlace {
  destination: Pick<Destination, 'stat' | 'locate'>;
  form: ArchiveForm;
}

/**
 * @returns the links whose archive or manifest a destination says it does not have, and those whose archive has another size
 *   there; that of an encrypted one is not compared
 * @throws whatever a destination throws: then it is not known
 */
export async function missingLinks(
  links: readonly ChainLink[],
  { destination, form }: LinkPlace,
  signal: AbortSignal
): Promise<ChainLink[]> {
  const isThere = async ({ archive, bytes }: ChainLink): Promise<boolean> => {
    const key = archiveNameIn(archive, form);
    const [found, manifest] = await Promise.all(
      [key, manifestName(key)].map(each => destination.stat(each, { signal }))
    );
    return Boolean(found && manifest && (form !== 'tar.gz' || found.bytes === bytes));
  };
  const missing: ChainLink[] = [];
  for (const link of links) if (!(await isThere(link))) missing.push(link);
  return missing;
}

/** @throws StageError (stage `publish`) when an increment could not be restored from a destination. */
export async function checkLinks(
  links: readonly ChainLink[],
  place: LinkPlace,
  signal: AbortSignal
): Promise<void> {
  const [missing] = await missingLinks(links, place, signal);
  if (!missing) return;
  throw new StageError(
    'publish',
    'LinkMissing',
    `the archive of backup ${missing.runId} is not at ${place.destination.locate(
      archiveNameIn(missing.archive, place.form)
    )} any more, or has another size, and this increment cannot be restored without it`,
    'nothing to do: the next attempt makes a full archive',
    'transient'
  );
}
