import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { testArchive } from '../../testing/archive/testArchive.ts';
import { indexOfLines } from '../../testing/archive/testIndex.ts';
import { IndexBuilder } from '../index/builder.ts';
import { BadTar } from './header.ts';
import { scanTar } from './scanTar.ts';

const FIXTURES = join(import.meta.dirname, '../index/fixtures');
const SAMPLE = readFileSync(join(FIXTURES, 'tar-lines.tar'));

async function* pieces(tar: Buffer, size = 7_001) {
  for (let at = 0; at < tar.length; at += size) yield tar.subarray(at, at + size);
}
async function indexOf(tar: Buffer) {
  const builder = new IndexBuilder();
  const scanned = await scanTar(pieces(tar), entry => builder.add(entry));
  return { ...scanned, index: builder.finish() };
}
const everything = (index: Awaited<ReturnType<typeof indexOfLines>>) =>
  Array.from({ length: index.nodes }, (_, node) => ({
    ...index.entryOf(node),
    block: index.blockOf(node),
    nanos: index.columns.nanos[node],
  }));

describe('a tar that is read', () => {
  it('has the very entries that tar listed while it packed', async () => {
    const { index, files, rawBytes, hasTrailingBytes } = await indexOf(SAMPLE);
    const listed = await indexOfLines(readFileSync(join(FIXTURES, 'tar-lines.txt')));
    expect(everything(index)).toEqual(everything(listed));
    expect({ files, rawBytes, hasTrailingBytes }).toEqual({
      files: 51,
      rawBytes: SAMPLE.length,
      hasTrailingBytes: false,
    });
  });

  it.each(['gnu', 'oldgnu', 'ustar', 'v7'])('may be of the format %s', async format => {
    const long = 'd'.repeat(90);
    const script = `
      mkdir -p a/${long}; echo x > a/file; ln -s file a/link; ln a/file a/hard
      truncate -s 1M sparse; echo end >> sparse
      ${format === 'v7' ? '' : `echo y > a/${long}/${'f'.repeat(80)}`}`;
    const { tar } = testArchive('k', script, {
      tarArguments: [
        `--format=${format}`,
        '--sort=name',
        ...(format.endsWith('gnu') ? ['--sparse'] : []),
      ],
    });
    const { index } = await indexOf(tar);
    expect(index.find('a/hard')).toMatchObject({ type: 'hardlink', bytes: 2 });
    expect(index.find('a/link')).toMatchObject({ type: 'symlink', target: 'file' });
    expect(index.find('sparse')).toMatchObject({ bytes: 1_048_580 });
    expect(index.find(`a/${long}`)).toMatchObject({ entries: format === 'v7' ? 0 : 1 });
  });

  it('may have been written by another program', async () => {
    const packing = pack();
    packing.entry({ name: 'dir/größe', mtime: new Date(0) }, 'hello');
    packing.finalize();
    const { index } = await indexOf(await buffer(packing));
    expect(index.find('dir/größe')).toMatchObject({ bytes: 5 });
  });

  it('may have records for all entries', async () => {
    const { tar } = testArchive('k', 'echo x > file', {
      tarArguments: ['--format=posix', '--pax-option=comment=hello,globexthdr.name=g'],
    });
    expect((await indexOf(tar)).index.find('file')).toMatchObject({ bytes: 2 });
  });

  it('may be followed by something that tar does not read, which is told', async () => {
    const { hasTrailingBytes, files } = await indexOf(Buffer.concat([SAMPLE, SAMPLE]));
    expect({ hasTrailingBytes, files }).toEqual({ hasTrailingBytes: true, files: 51 });
  });

  const damaged = (at: number, byte: number) => {
    const tar = Buffer.from(SAMPLE);
    tar[at] = byte;
    return tar;
  };
  it.each<[string, Buffer[]]>([
    ['many records in one header', [extended('x', '5 a=\n'.repeat(200_000))]],
    [
      'many headers of one entry',
      Array.from({ length: 40 }, () => extended('x', record('a', 1_000_000))),
    ],
    [
      'many records in many headers',
      Array.from({ length: 30 }, () => extended('x', '5 a=\n'.repeat(10_000))),
    ],
    [
      'many records for all entries',
      Array.from({ length: 2_000 }, (_, i) => extended('g', record(`k${i}`, 1))),
    ],
    [
      'big records for all entries',
      Array.from({ length: 40 }, (_, i) =>
        Buffer.concat([extended('g', record(`k${i}`, 1_000_000)), SAMPLE.subarray(1_024, 1_536)])
      ),
    ],
  ])('is refused before it fills the memory with %s', async (_, headers) => {
    await expect(indexOf(Buffer.concat(headers))).rejects.toThrow(/too (many|big)/);
  });

  it.each<[string, Buffer]>([
    ['is empty', Buffer.alloc(0)],
    ['is cut in an entry', SAMPLE.subarray(0, 80_000)],
    ['is cut between two entries', SAMPLE.subarray(0, 143 * 512)],
    ['has only half of its end', SAMPLE.subarray(0, 331 * 512)],
    ['is text', Buffer.alloc(2_000, 'text')],
    ['has a header with a wrong sum', damaged(1_024 + 5, 0x41)],
    ['has a damaged extended header', damaged(512, 0x78)],
  ])('is refused when it %s', async (_, tar) => {
    await expect(indexOf(tar)).rejects.toThrow(BadTar);
  });
});

/** @returns an extended header of type `x` or `g`. */
function extended(type: string, body: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write('        ', 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, Buffer.alloc(Math.ceil(body.length / 512) * 512, body)]);
}

function record(key: string, bytes: number): string {
  const rest = ` ${key}=${'v'.repeat(bytes)}\n`;
  const digits = `${rest.length + 8}`.length;
  return `${`${rest.length + digits}`.padStart(digits, '0')}${rest}`;
}
