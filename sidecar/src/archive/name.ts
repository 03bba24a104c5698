import { createHash } from 'node:crypto';

/** What an archive's name says. */
export interface ArchiveParts {
  /** Made of `a-z0-9.-`, see `clusterPart`. */
  cluster: string;
  namespace: string;
  /** Name of the PersistentVolumeClaim. In a parsed name it is cut short when `shortened`. */
  pvc: string;
  /** Seconds count; what is below is dropped. */
  at: Date;
  runId: string;
}

export interface ParsedName extends ArchiveParts {
  /** The claim's name was too long: `pvc` is its beginning, `_` and a hash of it; the manifest has all of it. */
  shortened: boolean;
}

const ARCHIVE_ENDING = '.tar.gz';
const MANIFEST_ENDING = '.json';
const INDEX_ENDING = '.index.gz';

/** File systems take 255 bytes; `.age` of an encrypted archive and the ending of its index must fit, too. */
const MAX_LENGTH = 255 - '.age'.length - INDEX_ENDING.length;
/** The same without an index: names of earlier versions may be as long. */
const MAX_READ_LENGTH = 255 - '.age'.length - MANIFEST_ENDING.length;
const HASH_DIGITS = 8;

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOTTED = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?';
const TIME = '\\d{8}T\\d{6}Z';
const RUN_ID = '[a-z0-9](?:[a-z0-9-]{0,34}[a-z0-9])?';
const NAME = new RegExp(
  `^(?<cluster>${DOTTED})__(?<namespace>${LABEL})__(?<pvc>${DOTTED}|[a-z0-9.-]+(?<hash>_[0-9a-f]{${HASH_DIGITS}}))` +
    `__(?<at>${TIME})__(?<runId>${RUN_ID})\\.tar\\.gz$`
);

/**
 * @returns `<cluster>__<namespace>__<pvc>__<yyyymmddThhmmssZ>__<run id>.tar.gz`, at most 242 characters. Kubernetes
 *   names have no underscore, so it parses back. A claim's name that does not fit is cut short, see `ParsedName`;
 *   the run id keeps the whole unique.
 * @throws RangeError when a part is not what Kubernetes or `runIds` would give
 */
export function archiveName({ cluster, namespace, pvc, at, runId }: ArchiveParts): string {
  const before = `${clusterPart(cluster)}__${namespace}__`;
  const after = `__${timeText(at)}__${runId}${ARCHIVE_ENDING}`;
  const name = before + shorten(pvc, MAX_LENGTH - before.length - after.length) + after;
  if (pvc.includes('_') || !NAME.test(name)) throw new RangeError(`${name} is not an archive name`);
  return name;
}

/** @returns what an archive's name says; `undefined` when it is not one of ours. */
export function parseArchiveName(name: string): ParsedName | undefined {
  const { cluster, namespace, pvc, hash, at, runId } = NAME.exec(name)?.groups ?? {};
  if (!cluster || !namespace || !pvc || !at || !runId || name.length > MAX_READ_LENGTH)
    return undefined;
  const time = new Date(at.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  // Some parsers take 31 February for a day in March.
  if (Number.isNaN(time.getTime()) || timeText(time) !== at) return undefined;
  return { cluster, namespace, pvc, at: time, runId, shortened: hash !== undefined };
}

/** @returns the key of the manifest beside an archive. */
export const manifestName = (archive: string): string => archive + MANIFEST_ENDING;

/** @returns the archive that a manifest describes; `undefined` when it is not the key of a manifest. */
export function archiveOfManifest(key: string): string | undefined {
  const archive = key.endsWith(MANIFEST_ENDING) ? key.slice(0, -MANIFEST_ENDING.length) : '';
  return parseArchiveName(archive) && archive;
}

/** @returns the key of the index beside an archive. */
export const indexName = (archive: string): string => archive + INDEX_ENDING;

/** @returns the archive that an index belongs to; `undefined` when it is not the key of an index. */
export function archiveOfIndex(key: string): string | undefined {
  const archive = key.endsWith(INDEX_ENDING) ? key.slice(0, -INDEX_ENDING.length) : '';
  return parseArchiveName(archive) && archive;
}

/**
 * Names of clusters and of kubeconfig contexts are free text (`admin@kind`, an ARN).
 * @returns one made fit for a file name: lower case, other characters replaced by `-`, at most 63
 */
export function clusterPart(name: string): string {
  const fit = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, 63)
    .replace(/^[.-]+|[.-]+$/g, '');
  return fit || 'cluster';
}

function shorten(name: string, limit: number): string {
  if (name.length <= limit) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS);
  return `${name.slice(0, limit - HASH_DIGITS - 1)}_${hash}`;
}

/** @returns UTC in seconds, as `yyyymmddThhmmssZ`. @throws RangeError for an invalid date. */
const timeText = (at: Date): string => at.toISOString().replace(/[-:]|\.\d{3}/g, '');
