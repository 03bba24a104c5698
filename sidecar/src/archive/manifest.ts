import { z } from 'zod';
import { Chain, ChainLink, Omitted, Owner, Priority, Proof, Route, Seal } from '../../api/index.ts';
import { StageError, textOf } from '../errors.ts';
import { formOf } from './chain/chain.ts';
import { indexName, parseArchiveName, snapshotName } from './name.ts';

/** Goes up with each change of the format. */
export const MANIFEST_VERSION = 5;

/**
 * The oldest format version whose readers cannot misread what is written now. A later version that only adds fields keeps
 * it, and is read here; one that changes the meaning of a field raises it.
 */
const READABLE_BY = 2;

/** The same for increments: earlier versions would take one for all of the volume. */
const INCREMENT_READABLE_BY = 5;

/** @returns the oldest format version whose readers cannot misread an archive with this chain. */
export const readableBy = (
  chain: Chain | null
): typeof READABLE_BY | typeof INCREMENT_READABLE_BY =>
  formOf(chain) === 'increment' ? INCREMENT_READABLE_BY : READABLE_BY;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const strings = z.record(z.string(), z.string());

/** The gzip members that an archive is made of. */
const Members = z.strictObject({
  count: z.int().min(0),
  rawBytes: z.int().min(1).describe('bytes of tar in each, except the last'),
  sha256: sha256.describe('of their sizes, written as `1,2,3`'),
});

/** The list of what is in an archive, stored beside it. */
const StoredIndex = z.strictObject({
  key: z.string(),
  bytes: z.int().min(0),
  sha256,
  entries: z.int().min(0),
});

/** The file that tells tar, for the next increment, how the volume was, stored beside an archive. */
const StoredSnapshot = z.strictObject({ key: z.string(), bytes: z.int().min(0), sha256 });

const FIELDS = {
  archive: z.string().refine(name => parseArchiveName(name), 'is not an archive name'),
  runId: z.string().min(1),
  cluster: z.string().describe('name of the cluster'),
  clusterUid: z.string().min(1).describe('UID of the namespace kube-system'),
  installation: z.string().min(1).describe('id of the NKVM that made it'),
  namespace: z.string(),
  namespaceUid: z.string().min(1).nullable(),
  pvc: z.string().describe('full name of the PersistentVolumeClaim'),
  pvcUid: z.string(),
  claim: z
    .strictObject({
      labels: strings,
      annotations: strings,
      spec: z.record(z.string(), z.unknown()).describe('as the API server returned it'),
      status: z
        .record(z.string(), z.unknown())
        .describe('as the API server returned it: its capacity, above all'),
    })
    .describe('creates the claim again if it no longer exists'),
  capacityBytes: z.int().min(0).nullable().describe('size of the volume'),
  usedBytes: z.int().min(0).nullable().describe('allocated to the files of the volume'),
  storageClass: z.string().nullable(),
  accessModes: z.array(z.string()),
  filesystem: z.string().nullable().describe('of the volume, as `mount` names it, e.g. `ext4`'),
  owner: Owner,
  node: z.string().nullable().describe('where the helper pod ran'),
  createdAt: z.iso.datetime().describe('when the run was requested'),
  requestedBy: z.string(),
  priority: Priority.describe('retention deletes archives of `scheduled` backups only'),
  bytes: z.int().min(0).describe('size of the archive, as it is read'),
  sha256,
  stored: z
    .strictObject({ bytes: z.int().min(0), sha256 })
    .nullable()
    .describe('the file as it is stored; null: it is the archive'),
  destinations: z
    .array(z.strictObject({ name: z.string(), isRequired: z.boolean() }))
    .describe('where the backup was to be stored; it is complete with a copy at each required one'),
  seal: Seal,
  members: Members.nullable().describe('null: there is one'),
  index: StoredIndex.nullable().describe('null: it has none'),
  chain: Chain.nullable().describe(
    'the archives that this one needs; null: none, and no later one can build on it'
  ),
  snapshot: StoredSnapshot.nullable().describe('null: no increment can build on this archive'),
  provenAt: z.iso.datetime().nullable(),
  proof: Proof.nullable().describe('how the archive was proven before it got its name'),
  warnings: z.array(z.string()).describe('sentences of NKVM'),
  tarMessages: z.array(z.string()).describe("tar's output"),
  ...Route.shape,
  nkvmVersion: z.string(),
  restoreCommand: z.string().describe('run as root in the directory that is to be restored'),
};

/** The JSON that is stored beside an archive: all that is needed to restore it, and to rebuild a lost history. */
export const Manifest = z.strictObject({
  formatVersion: z.literal(MANIFEST_VERSION),
  readableBy: z.literal([READABLE_BY, INCREMENT_READABLE_BY]),
  ...FIELDS,
});
export type Manifest = z.infer<typeof Manifest>;

const Written = Manifest.superRefine((manifest, context) => {
  contradictions(manifest, context);
  const { archive, index, snapshot, chain } = manifest;
  const refuse = (field: string, message: string) =>
    context.addIssue({ code: 'custom', path: [field], message });
  if (index && index.key !== indexName(archive)) refuse('index', 'belongs to another archive');
  if (snapshot && snapshot.key !== snapshotName(archive))
    refuse('snapshot', 'belongs to another archive');
  if (manifest.readableBy !== readableBy(chain)) refuse('readableBy', 'does not fit its chain');
});

/** @returns the storage class that a claim names. */
export const classOf = ({ storageClassName }: Record<string, unknown>): string | null =>
  typeof storageClassName === 'string' && storageClassName !== '' ? storageClassName : null;

/** @returns the access modes that a claim asks for. */
export const modesOf = ({ accessModes }: Record<string, unknown>): string[] =>
  z.array(z.string()).catch([]).parse(accessModes);

/** As it is read: of version 1, which knew less, or of a later one, which knows more. */
const Stored = z
  .object({
    formatVersion: z.int().min(1),
    ...FIELDS,
    clusterUid: z.string().nullable().default(null),
    installation: z.string().nullable().default(null),
    namespaceUid: z.string().nullable().default(null),
    claim: z.object({
      ...FIELDS.claim.shape,
      status: FIELDS.claim.shape.status.default({}),
    }),
    capacityBytes: FIELDS.capacityBytes.default(null),
    usedBytes: FIELDS.usedBytes.default(null),
    storageClass: FIELDS.storageClass.default(null),
    accessModes: FIELDS.accessModes.default([]),
    filesystem: FIELDS.filesystem.default(null),
    // An index or members of another kind are as good as none: the archive can be read without them.
    members: z.object(Members.shape).nullable().default(null).catch(null),
    index: z.object(StoredIndex.shape).nullable().default(null).catch(null),
    chain: z
      .object({ links: z.array(z.object(ChainLink.shape)), why: z.string().optional() })
      .nullable()
      .default(null),
    snapshot: z.object(StoredSnapshot.shape).nullable().default(null).catch(null),
    stored: z
      .object({ bytes: z.int().min(0), sha256 })
      .nullable()
      .default(null)
      .catch(null),
    destinations: z
      .array(z.object({ name: z.string(), isRequired: z.boolean() }))
      .default([])
      .catch([]),
    owner: Owner.catch({ kind: 'Unknown', reason: 'the manifest names an owner of another kind' }),
    seal: z.object({
      ...Seal.shape,
      // Version 1 did not count what was left out.
      omitted: z
        .object(Omitted.shape)
        .default({ sockets: 0, trustedXattrs: null, attributeFlags: null, longPaths: 0 }),
    }),
    priority: FIELDS.priority.default('on-demand').catch('on-demand'),
    provenAt: FIELDS.provenAt.default(null),
    proof: z.object(Proof.shape).nullable().default(null).catch(null),
    tarMessages: FIELDS.tarMessages.default([]),
    transport: FIELDS.transport.default(null).catch(null),
    transportReason: FIELDS.transportReason.default(null).catch(null),
  })
  .superRefine(contradictions)
  .transform(manifest => ({
    ...manifest,
    // Versions before 3 had them in the claim alone.
    storageClass: manifest.storageClass ?? classOf(manifest.claim.spec),
    accessModes: manifest.accessModes.length ? manifest.accessModes : modesOf(manifest.claim.spec),
    index: manifest.index?.key === indexName(manifest.archive) ? manifest.index : null,
    snapshot: manifest.snapshot?.key === snapshotName(manifest.archive) ? manifest.snapshot : null,
  }));
export type StoredManifest = z.infer<typeof Stored>;

/** The same for what is written and what is read: one that contradicts itself proves nothing. */
function contradictions(
  {
    archive,
    runId,
    bytes,
    sha256,
    seal,
    chain,
  }: Pick<Manifest, 'archive' | 'runId' | 'bytes' | 'sha256' | 'chain'> & {
    seal: { bytes: number; sha256: string; rawBytes: number; rawSha256?: string | undefined };
  },
  context: z.RefinementCtx
): void {
  const refuse = (field: string, message: string) =>
    context.addIssue({ code: 'custom', path: [field], message });
  if (parseArchiveName(archive)?.runId !== runId)
    refuse('runId', 'differs from the run id in the archive name');
  const sealed =
    parseArchiveName(archive)?.form === 'tar'
      ? { bytes: seal.rawBytes, sha256: seal.rawSha256 ?? sha256 }
      : seal;
  if (chain && new Set([...chain.links.map(link => link.runId), runId]).size <= chain.links.length)
    refuse('chain', 'names a backup twice');
  if (bytes !== sealed.bytes) refuse('bytes', 'differs from the seal');
  if (sha256 !== sealed.sha256) refuse('sha256', 'differs from the seal');
}

/**
 * @returns the text to store beside the archive
 * @throws StageError (stage `publish`) when the manifest contradicts itself: it would prove nothing
 */
export function writeManifest(manifest: Manifest): string {
  const { success, data, error } = Written.safeParse(manifest);
  if (success) return `${JSON.stringify(data, null, 2)}\n`;
  throw new StageError(
    'publish',
    'ManifestInvalid',
    `manifest of ${manifest.archive}: ${wrongFields(error)}`,
    'report this: the archive does not count as a backup',
    'needs-action'
  );
}

/**
 * Fields that this version does not know are ignored, and fields that an older version did not write are null or empty.
 * @param key names the manifest in errors
 * @throws StageError (stage `checksum`, reason `ManifestTooNew` or `ManifestUnreadable`)
 */
export function readManifest(key: string, text: string): StoredManifest {
  const json = parseJson(key, text);
  const { success, data: versions } = Versions.safeParse(json);
  const neededVersion = versions && (versions.readableBy ?? versions.formatVersion);
  if (success && neededVersion !== undefined && neededVersion > MANIFEST_VERSION) {
    throw new StageError(
      'checksum',
      'ManifestTooNew',
      `manifest ${key} has format version ${versions.formatVersion}, which needs a reader of version ${neededVersion}; this NKVM reads up to ${MANIFEST_VERSION}`,
      'upgrade NKVM; the archive beside it can be restored with tar alone',
      'needs-action'
    );
  }
  const manifest = Stored.safeParse(versions?.formatVersion === 1 ? fromVersion1(json) : json);
  if (!manifest.success) throw unreadable(key, wrongFields(manifest.error));
  return manifest.data;
}

const Versions = z.object({ formatVersion: z.int(), readableBy: z.int().optional() });

const Version1 = z.looseObject({
  warnings: z.array(z.string()),
  seal: z.looseObject({ warnings: z.array(z.string()).default([]) }),
});

/** Version 1 had tar's output, which names files of the volume, among the sentences of NKVM. */
function fromVersion1(json: unknown): unknown {
  const { success, data } = Version1.safeParse(json);
  if (!success || 'tarMessages' in data) return json;
  const tarMessages = data.seal.warnings;
  return {
    ...data,
    warnings: data.warnings.filter(line => !tarMessages.includes(line)),
    tarMessages,
  };
}

function parseJson(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(key, textOf(error), error);
  }
}

const unreadable = (key: string, why: string, cause?: unknown) =>
  new StageError(
    'checksum',
    'ManifestUnreadable',
    `manifest ${key}: ${why}`,
    'put back the manifest from a copy; the archive beside it can be restored with tar alone',
    'needs-action',
    { cause }
  );

/** At most three: a file of another kind is wrong in every field. */
const wrongFields = ({ issues }: z.ZodError): string => {
  const named = issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  const more = named.length > 3 ? `; and ${named.length - 3} more` : '';
  return named.slice(0, 3).join('; ') + more;
};
