import { z } from 'zod';
import { Omitted, Owner, Seal } from '../../api/index.ts';
import { StageError, textOf } from '../errors.ts';
import { parseArchiveName } from './name.ts';

/** Goes up when a reader of the version before could misread a manifest. */
export const MANIFEST_VERSION = 1;

/** An older NKVM wrote other fields into it, and did not count what was left out. */
const StoredSeal = z.object({
  ...Seal.shape,
  omitted: Omitted.default({ sockets: 0, trustedXattrs: null, attributeFlags: null, longPaths: 0 }),
});

/** What lies beside an archive, as JSON: all that is needed to restore it, and to rebuild a lost history. */
export const Manifest = z
  .strictObject({
    formatVersion: z.literal(MANIFEST_VERSION),
    archive: z.string().refine(name => parseArchiveName(name), 'is no name of an archive'),
    runId: z.string().min(1),
    cluster: z.string(),
    namespace: z.string(),
    pvc: z.string().describe('full name of the PersistentVolumeClaim'),
    pvcUid: z.string(),
    claim: z
      .strictObject({
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
        spec: z.record(z.string(), z.unknown()).describe('as the API server gave it'),
      })
      .describe('makes the claim again where it is gone'),
    owner: Owner,
    node: z.string().nullable().describe('where the helper pod ran'),
    createdAt: z.iso.datetime().describe('when the run was asked for'),
    requestedBy: z.string(),
    bytes: z.int().min(0).describe('size of the archive'),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    seal: StoredSeal,
    warnings: z.array(z.string()),
    tarMessages: z.array(z.string()).default([]).describe("tar's output"),
    nkvmVersion: z.string(),
    restoreCommand: z.string().describe('run as root in the directory that is to be restored'),
  })
  .refine(({ archive, runId }) => parseArchiveName(archive)?.runId === runId, {
    path: ['runId'],
    error: 'differs from the run id in the archive name',
  })
  .refine(({ bytes, seal }) => bytes === seal.bytes, {
    path: ['bytes'],
    error: 'differs from the seal',
  })
  .refine(({ sha256, seal }) => sha256 === seal.sha256, {
    path: ['sha256'],
    error: 'differs from the seal',
  });
export type Manifest = z.infer<typeof Manifest>;

/**
 * @returns the text to store beside the archive
 * @throws StageError (stage `publish`) when the manifest contradicts itself: it would prove nothing
 */
export function writeManifest(manifest: Manifest): string {
  const { success, data, error } = Manifest.safeParse(manifest);
  if (success) return `${JSON.stringify(data, null, 2)}\n`;
  throw new StageError(
    'publish',
    'ManifestInvalid',
    `manifest of ${manifest.archive}: ${wrongFields(error)}`,
    'report this: the archive is not counted as a backup',
    'needs-action'
  );
}

/**
 * @param key names the manifest in errors
 * @throws StageError (stage `checksum`, reason `ManifestTooNew` or `ManifestUnreadable`)
 */
export function readManifest(key: string, text: string): Manifest {
  const json = parseJson(key, text);
  const { success, data: versioned } = Versioned.safeParse(json);
  if (success && versioned.formatVersion > MANIFEST_VERSION) {
    throw new StageError(
      'checksum',
      'ManifestTooNew',
      `manifest ${key} has format version ${versioned.formatVersion}; this NKVM reads up to ${MANIFEST_VERSION}`,
      'upgrade NKVM; the archive beside it can be restored with tar alone',
      'needs-action'
    );
  }
  const manifest = Manifest.safeParse(json);
  if (!manifest.success) throw unreadable(key, wrongFields(manifest.error));
  return manifest.data;
}

const Versioned = z.looseObject({ formatVersion: z.int() });

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
