import { z } from 'zod';
import { Seal } from '../../api/index.ts';
import { visible } from '../../api/visible.ts';
import type { Digest } from '../archive/digest.ts';
import { StageError } from '../errors.ts';

const count = z.int().min(0);

/** The messages of tar, sorted and counted in the pod (pack/messages.awk). */
const TarCounts = z.object({
  errors: count.describe('messages about an entry that is missing or incomplete in the archive'),
  sockets: count,
  changed: count.describe('files that changed while they were read'),
  shrank: count.describe('files that became shorter while they were read'),
  removed: count.describe('files that were removed before they were read'),
  attributes: count.describe('entries whose extended attributes or ACLs could not be read'),
});
export type TarCounts = z.infer<typeof TarCounts>;

const sha256 = Seal.shape.sha256;

/**
 * Why the helper made a full archive, or no link of a chain.
 *
 * - `none`: it made what was asked for
 * - `asked`: nothing was sent that it could build on
 * - `unreadable`: it could not read the snapshot file of the archive before
 * - `unseen`: files have changed, and their times do not show it
 * - `contents`: files have other contents, and their times and sizes are as before
 * - `links`: unchanged files have hard links in a directory of which tar packs everything, and elsewhere
 * - `too-big`: the snapshot file would be too big
 * - `failed`: it could not list the volume
 */
const CHAIN_REASONS = [
  'none',
  'asked',
  'unreadable',
  'unseen',
  'contents',
  'links',
  'too-big',
  'failed',
] as const;

/** The archive as a link of a chain. */
export interface SealedLink {
  form: 'none' | 'full' | 'increment';
  reason: (typeof CHAIN_REASONS)[number];
  /** Files for which it is a full one: with `unseen`, `contents` and `links`. */
  count: number;
  /** The snapshot file that the pod holds; null: it holds none, so that no increment can build on the archive. */
  snapshot: Digest | null;
}

/** The lines of the helper's seal, as pack/pack.sh writes them. */
const Lines = z.strictObject({
  ...Seal.omit({ omitted: true, patterns: true }).shape,
  ...TarCounts.shape,
  members: count.describe('gzip members of the archive'),
  membersSha256: sha256.describe('of their sizes, written as `1,2,3`'),
  index: z.enum(['whole', 'too-big', 'failed']),
  indexBytes: count.optional(),
  indexSha256: sha256.optional(),
  usedBytes: z.union([count, z.literal('unknown')]),
  holes: count.describe('files with data that use no block, so that tar packed zeros instead'),
  filesystem: z.string().max(64),
  longPaths: count,
  attributeFlags: z.union([count, z.literal('unknown')]),
  mountsInside: count.describe('mounted inside the volume, and in the archive'),
  mounts: count.describe('file systems mounted inside the volume that were left out'),
  reserved: count,
  excluded: count,
  archives: count,
  archiveBytes: count,
  chain: z.enum(['none', 'full', 'increment']),
  chainReason: z.enum(CHAIN_REASONS),
  chainCount: count.optional(),
  entriesInVolume: count.optional(),
  snapshotBytes: count.optional(),
  snapshotSha256: sha256.optional(),
});

/** A helper pod's own account of the archive that it sent. */
export interface PodSeal {
  /** The part that is kept in history and manifest. */
  seal: Seal;
  tar: TarCounts;
  /** tar's messages, errors first; of many, the first and the last. Nothing that a terminal obeys. */
  messages: string[];
  /** File systems that are mounted inside the volume and are in the archive. */
  mountsInside: number;
  members: { count: number; sha256: string };
  /** The index that the pod holds, or why it holds none. */
  index: Digest | 'too-big' | 'failed';
  link: SealedLink;
  /** Allocated bytes of all files, from a walk beside tar; null where the helper image could not count them. */
  usedBytes: number | null;
  /** Files with data that use no block, so that tar packed zeros instead. */
  takenForHoles: number;
  /** As `mount` names it, e.g. `ext4`; null: not known. */
  filesystem: string | null;
}

/** Goes up when the format changes: an older NKVM's helper image or ours would misread it. */
const FIRST_LINE = 'nkvm-seal 6';

/**
 * Reads what the helper wrote after the stream: a first line with the format's version, `name=value` lines, an empty
 * line, then tar's messages.
 * @throws StageError (stage `checksum`) when it is not complete.
 */
export function readSeal(text: string): PodSeal {
  const end = text.indexOf('\n\n');
  const [first, ...lines] = text.slice(0, Math.max(end, 0)).split('\n');
  const fields = Object.fromEntries(
    lines.map(line => {
      const [name = '', value = ''] = line.split('=', 2);
      return [name, /^-?\d{1,16}$/.test(value) && !/sha256$/i.test(name) ? Number(value) : value];
    })
  );
  const { success, data } = Lines.safeParse(fields);
  if (first !== FIRST_LINE || !success) {
    throw new StageError(
      'checksum',
      'SealUnreadable',
      'the seal that the helper wrote is not complete, so nothing proves what it sent',
      'start a new backup; if it happens again, use the helper image of this version of NKVM',
      'unknown'
    );
  }
  const { errors, sockets, changed, shrank, removed, attributes, ...others } = data;
  const { longPaths, attributeFlags, mountsInside, usedBytes, holes, ...known } = others;
  const { filesystem, ...more } = known;
  const { mounts, reserved, excluded, archives, archiveBytes, ...rest } = more;
  const { members, membersSha256, index, indexBytes, indexSha256, ...withLink } = rest;
  const { chain, chainReason, chainCount = 0, snapshotBytes, snapshotSha256, ...seal } = withLink;
  const leftOut = { mounts, reserved, excluded, archives, archiveBytes };
  return {
    seal: {
      ...seal,
      omitted: {
        sockets,
        trustedXattrs: null, // listxattr does not show them to a process without CAP_SYS_ADMIN
        attributeFlags: attributeFlags === 'unknown' ? null : attributeFlags,
        longPaths,
        ...Object.fromEntries(Object.entries(leftOut).filter(([, n]) => n > 0)),
      },
    },
    tar: { errors, sockets, changed, shrank, removed, attributes },
    messages: text
      .slice(end + 2)
      .split('\n')
      .filter(line => line !== '')
      .map(visible),
    mountsInside,
    members: { count: members, sha256: membersSha256 },
    index: index === 'whole' ? digestOf(indexBytes, indexSha256) ?? 'failed' : index,
    link: {
      form: chain,
      reason: chainReason,
      count: chainCount,
      snapshot: chain === 'none' ? null : digestOf(snapshotBytes, snapshotSha256) ?? null,
    },
    usedBytes: usedBytes === 'unknown' ? null : usedBytes,
    takenForHoles: holes,
    filesystem: filesystem === 'unknown' || filesystem === '' ? null : filesystem,
  };
}

const digestOf = (bytes: number | undefined, sha256: string | undefined): Digest | undefined =>
  bytes === undefined || sha256 === undefined ? undefined : { bytes, sha256 };
