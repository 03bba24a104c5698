import type { PlanFiles } from '../../../api/index.ts';
import { partsOfPath } from '../../archive/entryPath.ts';
import type { ArchiveIndex } from '../../archive/index/archiveIndex.ts';
import { ENTRY_TYPES } from '../../archive/index/entry.ts';
import type { Selection } from '../../archive/index/select.ts';
import { wasLeftOut } from '../../helper/unpack/program/kept.ts';
import type { WalkedEntry } from '../../helper/unpack/walk.ts';

/** See `RESERVED` in helper/unpack/program/target.ts. */
const RESERVED = /^(\.snapshot|~snapshot|lost\+found|\.zfs)(\/|$)/;

const SLASH = Buffer.from('/');

/** How many names of each kind a plan shows. */
const NAMED = 20;

/** Compares what is in a volume with what a restore would write, entry by entry as the volume is walked. */
export interface FileComparison {
  take(entry: WalkedEntry): void;
  /** @param isComplete all of the volume was seen */
  result(isComplete: boolean): PlanFiles;
}

/**
 * | in the archive | in the volume | |
 * | --- | --- | --- |
 * | yes | no | added |
 * | yes | the same by type, size and time, or both are directories | unchanged |
 * | yes | something else | replaced |
 * | no | yes | left over; nothing is where only some entries are restored |
 *
 * Entries that the backup left out by a rule or a pattern are not left over: mode `mirror` does not delete it.
 * @param selection null: everything
 * @param patterns of nkvm.io/exclude that the archive was made with
 */
export function fileComparison(
  index: ArchiveIndex,
  selection: Selection | null,
  patterns: readonly string[] = []
): FileComparison {
  const isLeftOut = wasLeftOut(patterns);
  /** One bit for each node that is restored and not in the volume so far. */
  const missing = new Uint8Array(Math.ceil(index.nodes / 8));
  const isMissing = (node: number): boolean => (missing[node >> 3]! & (1 << (node & 7))) !== 0;
  const restored = () => selection?.nodes ?? allNodes(index);
  let added = 0;
  for (const node of restored()) {
    if (node === 0) continue; // the root is there
    missing[node >> 3]! |= 1 << (node & 7);
    added += 1;
  }
  const isWanted = selection ? new Set<number>(restored()) : undefined;
  const [replaced, unchanged, leftOver] = [counter(), counter(), counter()];

  return {
    take(entry) {
      const node = index.nodeOf(entry.path);
      if (node < 0 || index.blockOf(node) < 0) {
        if (!selection && entry.type !== 'mount' && !RESERVED.test(entry.path)) {
          const bytes = Buffer.concat(
            partsOfPath(entry.path)?.flatMap(part => [SLASH, part]) ?? []
          );
          if (!isLeftOut(bytes.toString('latin1', 1))) leftOver.add(entry.path);
        }
        return;
      }
      if (isWanted && !isWanted.has(node)) return;
      if (isMissing(node)) {
        missing[node >> 3]! &= ~(1 << (node & 7));
        added -= 1;
      }
      (isSame(index, node, entry) ? unchanged : replaced).add(entry.path);
    },
    result: isComplete => ({
      added: { count: added, names: firstNames(index, restored(), isMissing) },
      replaced: replaced.change(),
      unchanged: unchanged.change(),
      leftOver: leftOver.change(),
      isComplete,
    }),
  };
}

function* allNodes(index: ArchiveIndex): Iterable<number> {
  for (let node = 0; node < index.nodes; node += 1) if (index.blockOf(node) >= 0) yield node;
}

function firstNames(
  index: ArchiveIndex,
  restored: Iterable<number>,
  isMissing: (node: number) => boolean
): string[] {
  const names: string[] = [];
  for (const node of restored) {
    if (!isMissing(node)) continue;
    names.push(index.pathOf(node));
    if (names.length === NAMED) break;
  }
  return names;
}

function isSame(index: ArchiveIndex, node: number, entry: WalkedEntry): boolean {
  const { seconds, nanos, type: types } = index.columns;
  const type = ENTRY_TYPES[types[node]!];
  if (
    (type === 'hardlink' ? 'file' : type) !== (entry.type === 'mount' ? 'directory' : entry.type)
  ) {
    return false;
  }
  if (entry.type === 'directory' || entry.type === 'mount') return true;
  if (entry.type === 'file' && index.sizeOf(node) !== entry.bytes) return false;
  return seconds[node] === entry.seconds && nanos[node] === entry.nanoseconds;
}

function counter() {
  const names: string[] = [];
  let count = 0;
  return {
    add(name: string) {
      count += 1;
      if (names.length < NAMED) names.push(name);
    },
    change: () => ({ count, names: [...names] }),
  };
}
