import { createHash } from 'node:crypto';

/**
 * How an archive is stored; the ending of its key says it.
 *
 * - `tar.gz`: as the helper made it
 * - `tar.gz.age`: that, encrypted with age
 * - `tar`: unpacked, for storage that compresses and finds equal parts by itself
 */
export const ARCHIVE_FORMS = ['tar.gz', 'tar.gz.age', 'tar'] as const;
export type ArchiveForm = (typeof ARCHIVE_FORMS)[number];

/** The parts of an archive's name. */
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
  form: ArchiveForm;
  /** The claim's name was too long: `pvc` is its beginning, `_` and a hash of it; the manifest has all of it. */
  shortened: boolean;
}

const PLAIN_ENDING = '.tar.gz';
const AGE_ENDING = '.age';
const MANIFEST_ENDING = '.json';
const INDEX_ENDING = '.index.gz';
const SNAPSHOT_ENDING = '.snapshot.gz';

/** File systems take 255 bytes; `.age` of an encrypted archive and the ending of its snapshot file must fit, too. */
const MAX_LENGTH = 255 - AGE_ENDING.length - SNAPSHOT_ENDING.length;
/** The same with a manifest alone: names of earlier versions may be as long. Without `.age`. */
const MAX_READ_LENGTH = 255 - AGE_ENDING.length - MANIFEST_ENDING.length;
const HASH_DIGITS = 8;

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOTTED = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?';
const TIME = '\\d{8}T\\d{6}Z';
const RUN_ID = '[a-z0-9](?:[a-z0-9-]{0,34}[a-z0-9])?';
const NAME = new RegExp(
  `^(?<cluster>${DOTTED})__(?<namespace>${LABEL})__(?<pvc>${DOTTED}|[a-z0-9.-]+(?<hash>_[0-9a-f]{${HASH_DIGITS}}))` +
    `__(?<at>${TIME})__(?<runId>${RUN_ID})\\.(?<form>tar|tar\\.gz|tar\\.gz\\.age)$`
);

/**
 * @returns `<cluster>__<namespace>__<pvc>__<yyyymmddThhmmssZ>__<run id>.tar.gz`, at most 239 characters, or the same with the
 *   ending of another form. Kubernetes names have no underscore, so it parses back. A claim's name that does not fit is cut
 *   short, see `ParsedName`; the run id keeps the whole unique.
 * @throws RangeError when a part is not what Kubernetes or `runIds` would give
 */
export function archiveName(
  { cluster, namespace, pvc, at, runId }: ArchiveParts,
  form: ArchiveForm = 'tar.gz'
): string {
  const before = `${clusterPart(cluster)}__${namespace}__`;
  const after = `__${timeText(at)}__${runId}`;
  const room = MAX_LENGTH - before.length - after.length - PLAIN_ENDING.length;
  const name = `${before}${shorten(pvc, room)}${after}.${form}`;
  if (pvc.includes('_') || !NAME.test(name)) throw new RangeError(`${name} is not an archive name`);
  return name;
}

/** @returns what an archive's name says; `undefined` when it is not a name of NKVM. */
export function parseArchiveName(name: string): ParsedName | undefined {
  const { cluster, namespace, pvc, hash, at, runId, form } = NAME.exec(name)?.groups ?? {};
  if (!cluster || !namespace || !pvc || !at || !runId || !isForm(form)) return undefined;
  if (name.length > MAX_READ_LENGTH + (form === 'tar.gz.age' ? AGE_ENDING.length : 0))
    return undefined;
  const time = new Date(at.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  // Some parsers take 31 February for a day in March.
  if (Number.isNaN(time.getTime()) || timeText(time) !== at) return undefined;
  return { cluster, namespace, pvc, at: time, runId, form, shortened: hash !== undefined };
}

const IN_TEXT = new RegExp(
  `[a-z0-9][a-z0-9.-]*__${LABEL}__[a-z0-9._-]+?__${TIME}__[a-z0-9-]+(?:\\.(?:tar|t?gz|age|json|index|snapshot))*`,
  'g'
);

/**
 * @returns a text without names of archives and of what lies beside them. They hold the names of namespaces and claims, which
 *   a message about something else is not to show.
 */
export const withoutArchiveNames = (text: string): string => text.replace(IN_TEXT, '…');

const isForm = (text: string | undefined): text is ArchiveForm =>
  (ARCHIVE_FORMS as readonly (string | undefined)[]).includes(text);

/** @returns the form of what is stored at `key`, by its ending; `undefined` where it is not that of an archive. */
export function archiveFormOf(key: string): ArchiveForm | undefined {
  if (key.endsWith('.tgz')) return 'tar.gz'; // placed there by hand
  return ARCHIVE_FORMS.find(form => key.endsWith(`.${form}`));
}

/** @returns the name of the same archive in another form. @throws RangeError where `key` does not end like an archive. */
export function archiveNameIn(key: string, form: ArchiveForm): string {
  const own = archiveFormOf(key);
  if (!own || !key.endsWith(own)) throw new RangeError(`${key} is not an archive name`);
  return key.slice(0, -own.length) + form;
}

/** @returns the key of the manifest beside an archive. */
export const manifestName = (archive: string): string => archive + MANIFEST_ENDING;

/** @returns the archive that a manifest describes; `undefined` when it is not the key of a manifest. */
export function archiveOfManifest(key: string): string | undefined {
  const archive = key.endsWith(MANIFEST_ENDING) ? key.slice(0, -MANIFEST_ENDING.length) : '';
  return parseArchiveName(archive) && archive;
}

/** @returns the key of the index beside an archive; that of an encrypted one is encrypted, too: `a.tar.gz.index.gz.age`. */
export const indexName = (archive: string): string => beside(archive, INDEX_ENDING);

/** @returns the archive that an index belongs to; `undefined` when it is not the key of an index. */
export const archiveOfIndex = (key: string): string | undefined => archiveOf(key, INDEX_ENDING);

/** @returns the key of the snapshot file beside an archive that increments build on; encrypted like the index. */
export const snapshotName = (archive: string): string => beside(archive, SNAPSHOT_ENDING);

/** @returns the archive that a snapshot file belongs to; `undefined` when it is not the key of one. */
export const archiveOfSnapshot = (key: string): string | undefined =>
  archiveOf(key, SNAPSHOT_ENDING);

const beside = (archive: string, ending: string): string =>
  archive.endsWith(AGE_ENDING)
    ? archive.slice(0, -AGE_ENDING.length) + ending + AGE_ENDING
    : archive + ending;

function archiveOf(key: string, ending: string): string | undefined {
  const age = key.endsWith(AGE_ENDING) ? AGE_ENDING : '';
  if (!key.endsWith(ending + age)) return undefined;
  const archive = key.slice(0, -(ending + age).length) + age;
  return parseArchiveName(archive) && beside(archive, ending) === key ? archive : undefined;
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
