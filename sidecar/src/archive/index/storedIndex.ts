import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { hashAndCount } from '../digest.ts';
import type { ArchiveIndex } from './archiveIndex.ts';
import { IndexBuilder } from './builder.ts';
import { EntryFields } from './entry.ts';
import { BadLine, forEachLine, LineReader, LINES_FORMAT } from './lines.ts';

/** The version of the file beside an archive that holds its index. */
export const INDEX_VERSION = 1;

/** The first line of a stored index; tar's lines follow, see `lines.ts`. All of it is compressed with gzip. */
export const IndexHeader = z.object({
  formatVersion: z.literal(INDEX_VERSION),
  archive: z.string(),
  bytes: z.int().min(0).nullish().describe('size of the archive'),
  lines: z.literal(LINES_FORMAT),
  memberRawBytes: z
    .int()
    .min(512)
    .nullish()
    .describe('bytes of tar in each gzip member but the last'),
  members: z.array(z.int().min(1)).nullish().describe('compressed sizes of the gzip members'),
  rawBytes: z.int().min(0).nullish().describe('size of the tar'),
});
export type IndexHeader = z.infer<typeof IndexHeader>;

/** An index as it was stored. */
export interface ReadIndex {
  header: IndexHeader;
  index: ArchiveIndex;
  /** Of what is stored. */
  sha256: string;
}

/** A hostile index may be a bomb: what it unpacks to is limited by its own size, and each line is short. */
const MAX_RATIO = 200;
const PIECE_BYTES = 256 * 1024;

/**
 * @param body a stored index, from its first byte to its last
 * @param archive the key that it must be for
 * @param expected how many entries it may have
 * @throws BadLine, or what gunzip or the storage throw; StageError `IndexTooBig`
 */
export async function readIndex(
  body: Readable,
  archive: string,
  storedBytes: number,
  { expected, signal }: { expected?: number | undefined; signal?: AbortSignal | undefined } = {}
): Promise<ReadIndex> {
  const builder = new IndexBuilder({ expected });
  const entry = new EntryFields();
  const reader = new LineReader(entry);
  let header: IndexHeader | undefined;
  let left = Math.max(storedBytes * MAX_RATIO, PIECE_BYTES);
  const counting = hashAndCount();
  await pipeline(
    body,
    counting,
    createGunzip({ chunkSize: PIECE_BYTES }),
    async function parse(text: AsyncIterable<Buffer>) {
      await forEachLine(limited(text), (bytes, from, to) => {
        if (header === undefined) {
          header = headerOf(bytes.toString('utf8', from, to), archive);
          return;
        }
        reader.read(bytes, from, to);
        builder.add(entry);
      });
    },
    { signal }
  );
  if (!header) throw new BadLine('the index is empty');
  return { header, index: builder.finish(), sha256: counting.digest().sha256 };

  async function* limited(text: AsyncIterable<Buffer>) {
    for await (const piece of text) {
      left -= piece.length;
      if (left < 0) throw new BadLine('the index is too large when it is decompressed');
      yield piece;
    }
  }
}

function headerOf(line: string, archive: string): IndexHeader {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new BadLine('the index does not begin with its header');
  }
  const { data } = IndexHeader.safeParse(json);
  if (!data) throw new BadLine('the header of the index has another version');
  if (data.archive !== archive) throw new BadLine('the index belongs to another archive');
  return data;
}
