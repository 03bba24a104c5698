import type { ArchiveFact } from '../../history/queries/claimArchives.ts';

type Linked = Pick<ArchiveFact, 'run' | 'needs'>;

/**
 * Finds archives that nothing should rely on: the last check of one failed, or that of another one which needs an archive that it
 * needs as well. The check of an increment does not say which archive of its chain is damaged.
 * @param failed ids of backups whose last check failed
 * @returns by id of the backup, why
 */
export function doubtsOn(
  archives: readonly Linked[],
  failed: ReadonlySet<string>
): ReadonlyMap<string, string> {
  const doubts = new Map<string, string>();
  if (!archives.some(({ run }) => failed.has(run))) return doubts;
  const links = new Map<string, string>();
  for (const { run, needs } of archives)
    if (failed.has(run)) for (const link of [run, ...needs]) links.set(link, run);
  for (const { run, needs } of archives) {
    const link = [run, ...needs].find(each => links.has(each));
    if (failed.has(run)) doubts.set(run, 'its last check failed');
    else if (link !== undefined)
      doubts.set(run, `the last check of backup ${links.get(link)}, of the same chain, failed`);
  }
  return doubts;
}

/**
 * @param archives of one destination
 * @returns ids of the backups that no other one there needs: a full archive alone, or the last increment of a chain
 */
export function endsOf(archives: readonly Linked[]): ReadonlySet<string> {
  const needed = new Set(archives.flatMap(({ needs }) => needs));
  return new Set(archives.map(({ run }) => run).filter(run => !needed.has(run)));
}
