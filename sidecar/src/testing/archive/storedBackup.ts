import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { RunRecord } from '../../history/history.ts';
import { exampleRun } from '../history/exampleRun.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** @returns a small archive, and the run of a backup that has made it and says what is in it. */
export async function storedBackup(
  change: Partial<RunRecord> = {}
): Promise<{ run: RunRecord; key: string; archive: Buffer; tar: Buffer }> {
  const packing = pack();
  packing.entry({ name: './', type: 'directory' });
  packing.entry({ name: './a' }, 'the contents of a file '.repeat(1_000));
  packing.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of packing) pieces.push(piece as Buffer);
  const tar = Buffer.concat(pieces);
  const archive = gzipSync(tar);
  const run = exampleRun(change);
  const key = `kind__shop__orders-db__20261120T101112Z__${run.id}.tar.gz`;
  const digest = { bytes: archive.length, sha256: sha256(archive) };
  const [copy] = run.copies;
  if (!copy || !run.seal) throw new Error('the example has no copy');
  return {
    ...{ key, archive, tar },
    run: {
      ...run,
      ...digest,
      copies: change.copies ?? [{ ...copy, ...digest, destination: 'memory', key }],
      seal: {
        ...run.seal,
        ...digest,
        ...{ files: 2, rawBytes: tar.length, rawSha256: sha256(tar) },
      },
    },
  };
}
