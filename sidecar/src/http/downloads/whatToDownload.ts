import type { ArchiveIndex } from '../../archive/index/archiveIndex.ts';
import { FILE } from '../../archive/index/entry.ts';
import type { Selection } from '../../archive/index/select.ts';
import { nodeAt, select } from '../../archive/index/select.ts';
import { ROOT } from '../../archive/index/table.ts';
import { fitFileName } from './fileName.ts';

/** The download of some paths of an archive. */
export type Download = { fileName: string } & (
  | { kind: 'file'; node: number; bytes: number }
  | { kind: 'tar'; selection: Selection; bytes: null }
);

/**
 * One file is given as it is, everything else as `.tar.gz`.
 * @param volume names what is made of several paths
 * @throws StageError, see `select`
 */
export function whatToDownload(
  index: ArchiveIndex,
  paths: readonly string[],
  volume: string
): Download {
  const [only, ...others] = paths;
  const node = only !== undefined && others.length === 0 ? nodeAt(index, only) : ROOT;
  const selection = select(index, paths, { for: 'download' });
  const file = index.targetOf(node);
  const name = node === ROOT ? `${volume}-files` : index.entryOf(node).name;
  if (file >= 0 && index.columns.type[file] === FILE) {
    return { kind: 'file', node, fileName: fitFileName(name, 'file'), bytes: index.sizeOf(node) };
  }
  return { kind: 'tar', selection, fileName: `${fitFileName(name, 'files')}.tar.gz`, bytes: null };
}
