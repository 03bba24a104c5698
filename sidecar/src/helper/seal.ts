import { z } from 'zod';
import { Seal } from '../../api/index.ts';
import { StageError } from '../errors.ts';

const count = z.int().min(0);

/** What tar said, sorted and counted in the pod (pack/messages.awk). */
const TarCounts = z.object({
  errors: count.describe('messages about an entry that is missing or incomplete in the archive'),
  sockets: count,
  changed: count.describe('files that changed while they were read'),
  shrank: count.describe('files that became shorter while they were read'),
  removed: count.describe('files that were removed before they were read'),
  attributes: count.describe('entries whose extended attributes or ACLs could not be read'),
});
export type TarCounts = z.infer<typeof TarCounts>;

/** The lines of the helper's seal, as pack/pack.sh writes them. */
const Lines = z.strictObject({
  ...Seal.omit({ omitted: true }).shape,
  ...TarCounts.shape,
  longPaths: count,
  attributeFlags: z.union([count, z.literal('unknown')]),
  mountsInside: count.describe('file systems that are mounted inside the volume'),
});

/** What a helper pod tells of the archive that it sent. */
export interface PodSeal {
  /** What is kept of it in history and manifest. */
  seal: Seal;
  tar: TarCounts;
  /** tar's messages, errors first; of many, the first and the last. */
  messages: string[];
  mountsInside: number;
}

/** Goes up when the format changes: an older NKVM's helper image or ours would misread it. */
const FIRST_LINE = 'nkvm-seal 2';

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
  const { longPaths, attributeFlags, mountsInside, ...seal } = others;
  return {
    seal: {
      ...seal,
      omitted: {
        sockets,
        trustedXattrs: null, // listxattr does not show them to a process without CAP_SYS_ADMIN
        attributeFlags: attributeFlags === 'unknown' ? null : attributeFlags,
        longPaths,
      },
    },
    tar: { errors, sockets, changed, shrank, removed, attributes },
    messages: text
      .slice(end + 2)
      .split('\n')
      .filter(line => line !== ''),
    mountsInside,
  };
}
