import type { Backup } from '../../../api/index.ts';
import type { BaseFacts } from '../../archive/chain/chooseBase.ts';
import { archiveNameIn } from '../../archive/name.ts';
import type { History } from '../../history/history.ts';

/** Runs that have left no link are few, unless people back up by hand all the time. */
const MOST_RUNS = 60;

/**
 * @param destinations where the archive of `run` goes
 * @returns the newest backup of the same volume that an increment can build on
 */
export function baseFor(
  history: Pick<History, 'list' | 'get'> & { archives: Pick<History['archives'], 'failedChecks'> },
  run: Pick<Backup, 'id' | 'namespace' | 'name' | 'uid'>,
  destinations: readonly string[]
): BaseFacts | undefined {
  const { namespace, name, uid, id } = run;
  const { backups } = history.list({ namespace, name, limit: MOST_RUNS });
  const base = backups.find(
    each =>
      each.kind === 'backup' &&
      each.id !== id &&
      each.uid === uid &&
      each.chain !== null &&
      each.seal !== null &&
      each.copies.some(({ state }) => state === 'present')
  );
  if (!base?.chain || !base.seal) return undefined;
  const { chain, seal } = base;
  const copy = base.copies.find(({ state }) => state === 'present');
  if (!copy) return undefined;
  const needed = [...chain.links.map(({ runId }) => runId), base.id];
  const failed = history.archives.failedChecks();
  const full = needed[0] === base.id ? base : history.get(needed[0] ?? '');
  return {
    runId: base.id,
    archive: archiveNameIn(copy.key, 'tar.gz'),
    bytes: seal.bytes,
    sha256: seal.sha256,
    createdAt: new Date(base.createdAt),
    chain,
    fullAt: full && new Date(full.createdAt),
    patterns: seal.patterns ?? [],
    failed: needed.filter(link => failed.has(link)),
    lacking: needed.filter(link => !isEverywhere(history.get(link), destinations)),
  };
}

const isEverywhere = (backup: Backup | undefined, destinations: readonly string[]): boolean =>
  destinations.every(
    destination =>
      backup?.copies.some(
        copy =>
          copy.destination === destination && copy.state === 'present' && copy.provenAt !== null
      ) ?? false
  );
