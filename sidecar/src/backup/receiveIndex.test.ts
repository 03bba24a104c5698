import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { Destination } from '../destinations/destination.ts';
import { exampleManifest } from '../testing/archive/exampleManifest.ts';
import { memoryDestination, memoryStorage } from '../testing/destinations/memoryDestination.ts';
import type { ReceiveIndexOptions } from './receiveIndex.ts';
import { receiveIndex } from './receiveIndex.ts';

const text = Buffer.from('an index');
const { archive, seal } = exampleManifest();
const sealed = {
  seal,
  index: { bytes: text.length, sha256: createHash('sha256').update(text).digest('hex') },
};

type Change = Partial<ReceiveIndexOptions> & { destination?: Destination };

const setUp = ({ destination, ...change }: Change = {}) => {
  const storage = memoryStorage();
  const to = destination ?? memoryDestination(storage);
  const receiving = receiveIndex({
    copies: [{ name: 'memory', destination: to, key: archive }],
    sealed,
    delivery: { index: async () => Readable.from([text]) },
    signal: new AbortController().signal,
    onBytes: () => undefined,
    ...change,
  });
  return { storage, receiving: receiving.then(([one = { warnings: [] }]) => one) };
};
/** Sends `first`, and then nothing. */
const silentAfter = (...first: Buffer[]) =>
  new Readable({ read: () => undefined }).on('newListener', function (this: Readable, event) {
    if (event === 'data' || event === 'readable') first.splice(0).forEach(each => this.push(each));
  });

it('stores the index of an archive under a temporary name', async () => {
  const { storage, receiving } = setUp();
  const { index, warnings } = await receiving;
  expect(warnings).toEqual([]);
  expect(index?.record).toEqual({ ...sealed.index, key: `${archive}.index.gz`, entries: 3 });
  expect(storage.temporaries.size).toBe(1);
  expect(storage.archives.size).toBe(0);
});

it.each<[string, Change, RegExp]>([
  ['is too big', { sealed: { seal, index: 'too-big' } }, /: it would be bigger than 192 MiB$/],
  ['failed in the pod', { sealed: { seal, index: 'failed' } }, /: the helper could not write it$/],
  [
    'never begins',
    { delivery: { index: () => new Promise(() => undefined) }, quietMs: 20 },
    /: the helper sent nothing for 0.02 s$/,
  ],
  [
    'stops in the middle',
    { delivery: { index: async () => silentAfter(text.subarray(0, 3)) }, quietMs: 20 },
    /: the helper sent nothing for 0.02 s$/,
  ],
  [
    'is another one',
    { delivery: { index: async () => Readable.from([Buffer.from('an index?')]) } },
    /: more bytes arrived than the helper wrote$/,
  ],
  [
    'differs in one byte',
    { delivery: { index: async () => Readable.from([Buffer.from('An index')]) } },
    /: it differs from the one that the helper wrote$/,
  ],
])('is no error, and nothing stays, when it %s', async (_, change, why) => {
  const { storage, receiving } = setUp(change);
  const { index, warnings } = await receiving;
  expect({ index, warnings }).toEqual({
    index: undefined,
    warnings: [expect.stringMatching(why)],
  });
  expect(storage.temporaries.size).toBe(0);
});

it('ends when its run does', async () => {
  const stop = new AbortController();
  const { storage, receiving } = setUp({
    signal: stop.signal,
    delivery: {
      index: async () => {
        stop.abort(new Error('cancelled'));
        return silentAfter();
      },
    },
  });
  await expect(receiving).rejects.toThrow('cancelled');
  expect(storage.temporaries.size).toBe(0);
});
