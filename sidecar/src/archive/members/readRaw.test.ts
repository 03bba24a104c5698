import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Destination } from '../../destinations/destination.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { membersOf } from './rawArchive.ts';
import { readRaw } from './readRaw.ts';

const KEY = 'a.tar.gz';
const RAW = Buffer.from(Array.from({ length: 10_000 }, (_, at) => at % 251));
const MEMBER = 3_000;

function stored(raw = RAW) {
  const parts: Buffer[] = [];
  for (let at = 0; at < raw.length; at += MEMBER)
    parts.push(gzipSync(raw.subarray(at, at + MEMBER)));
  const bytes = Buffer.concat(parts);
  const storage = memoryStorage();
  storage.archives.set(KEY, bytes);
  const destination = memoryDestination(storage);
  const opened: unknown[] = [];
  const watched: Destination = {
    ...destination,
    open(key, call) {
      opened.push(call?.range);
      return destination.open(key, call);
    },
  };
  const sizes = parts.map(({ length }) => length);
  return {
    storage,
    opened,
    sizes,
    archive: {
      destination: watched,
      key: KEY,
      bytes: bytes.length,
      members: membersOf(MEMBER, sizes, bytes.length),
    },
  };
}
const read = (archive: Parameters<typeof readRaw>[0], start: number, end: number) =>
  buffer(Readable.from(readRaw(archive, start, end)));

describe('bytes of the tar in an archive', () => {
  it.each([
    [0, 10],
    [2_990, 3_010],
    [3_000, 6_000],
    [5_999, 6_000],
    [100, 9_999],
    [9_000, 10_000],
    [0, 10_000],
    [5, 5],
  ])('from %d to %d are the same with and without members', async (start, end) => {
    const { archive } = stored();
    const expected = RAW.subarray(start, end);
    expect((await read(archive, start, end)).equals(expected)).toBe(true);
    expect((await read({ ...archive, members: undefined }, start, end)).equals(expected)).toBe(
      true
    );
  });

  it('are read to the end where no end is given', async () => {
    const { archive } = stored();
    expect((await read(archive, 7_000, Infinity)).equals(RAW.subarray(7_000))).toBe(true);
    expect(
      (await read({ ...archive, members: undefined }, 7_000, Infinity)).equals(RAW.subarray(7_000))
    ).toBe(true);
  });

  it('cost only the members that hold them', async () => {
    const { archive, opened, sizes } = stored();
    await read(archive, 4_000, 5_000);
    expect(opened).toEqual([{ start: sizes[0]!, end: sizes[0]! + sizes[1]! - 1 }]);
  });

  it('are not unpacked beyond what was asked for', async () => {
    const { archive } = stored(Buffer.alloc(200_000_000));
    const before = process.resourceUsage().maxRSS;
    expect(await read({ ...archive, members: undefined }, 0, 100)).toHaveLength(100);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(50_000);
  });

  it.each<[string, (world: ReturnType<typeof stored>) => Promise<unknown>, string]>([
    [
      'the tar is shorter than the index says',
      ({ archive }) => read(archive, 9_990, 10_010),
      'ArchiveTooShort',
    ],
    [
      'members are not where the index says',
      ({ archive, sizes }) =>
        read(
          {
            ...archive,
            members: { rawBytes: MEMBER, sizes: [...sizes].map((size, at) => size + (at ? 0 : 1)) },
          },
          4_000,
          4_100
        ),
      'ArchiveBroken',
    ],
    [
      'a byte was changed',
      ({ archive, storage }) => {
        const bytes = storage.archives.get(KEY)!;
        bytes[bytes.length - 6]! ^= 1;
        return read(archive, 9_000, Infinity);
      },
      'ArchiveBroken',
    ],
    [
      'it is cut',
      ({ archive, storage }) => {
        storage.archives.set(KEY, storage.archives.get(KEY)!.subarray(0, -10));
        return read(archive, 0, Infinity);
      },
      'ArchiveBroken',
    ],
    [
      'the storage breaks off',
      ({ archive }) =>
        read(
          {
            ...archive,
            destination: {
              ...archive.destination,
              open: async () =>
                Readable.from(
                  (async function* () {
                    yield gzipSync('x').subarray(0, 10);
                    throw new Error('i/o error');
                  })()
                ),
            },
          },
          0,
          100
        ),
      'ArchiveUnreadable',
    ],
  ])('are refused when %s', async (_, reading, reason) => {
    await expect(reading(stored())).rejects.toMatchObject({ reason });
  });

  it('stop when the caller stops, with the reason', async () => {
    const { archive } = stored();
    const stop = new AbortController();
    const pieces = readRaw(archive, 0, Infinity, stop.signal);
    await pieces.next();
    stop.abort(new Error('enough'));
    await expect(pieces.next()).rejects.toThrow('enough');
  });
});

describe('members', () => {
  it('are not used when their sizes are not those of the archive', () => {
    expect(membersOf(100, [1, 2, 3], 6)).toEqual({ rawBytes: 100, sizes: [1, 2, 3] });
    expect(membersOf(100, [1, 2, 3], 7)).toBeUndefined();
    expect(membersOf(100, [], 0)).toBeUndefined();
    expect(membersOf(null, [6], 6)).toBeUndefined();
  });
});
