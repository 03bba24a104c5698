import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';

/** The contents of a tar, counted as the helper counts for its seal. */
export interface TarContents {
  /** Entries, directories and links included. */
  files: number;
  /** Size of the tar itself. */
  rawBytes: number;
  /** SHA-256 of the tar itself. */
  rawSha256: string;
}

/** A tar ends with two blocks of zeros (POSIX, pax interchange format). */
const END_BYTES = 1024;

/**
 * Parses a tar to its end; the last stage of a pipeline.
 * @throws Error when it is not a tar, or ends before its end
 */
export async function tarContents(tar: AsyncIterable<Buffer>): Promise<TarContents> {
  let files = 0;
  const parser = extract();
  parser.on('entry', (_header, contents, next) => {
    files += 1;
    contents.on('end', next);
    // The parser's failure is reported here as well, and would end the process without a listener.
    contents.on('error', () => {});
    contents.resume();
  });
  const tail = keepTail();
  await pipeline(tar, tail, parser);
  // The parser is content with a tar that is cut between two entries.
  if (!tail.isEndOfTar()) throw new Error('the tar inside is truncated');
  return { files, rawBytes: tail.rawBytes(), rawSha256: tail.rawSha256() };
}

function keepTail() {
  let rawBytes = 0;
  const hash = createHash('sha256');
  let last = Buffer.alloc(0);
  const stage = new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      rawBytes += chunk.length;
      hash.update(chunk);
      last =
        chunk.length >= END_BYTES
          ? chunk.subarray(-END_BYTES)
          : Buffer.concat([last, chunk]).subarray(-END_BYTES);
      pass(null, chunk);
    },
  });
  return Object.assign(stage, {
    rawBytes: () => rawBytes,
    rawSha256: () => hash.digest('hex'),
    isEndOfTar: () => last.length === END_BYTES && last.every(byte => byte === 0),
  });
}
