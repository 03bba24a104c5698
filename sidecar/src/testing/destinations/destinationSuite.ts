import { PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { Destination, Staged, Stored } from '../../destinations/destination.ts';
import { keysOf } from '../../destinations/destination.ts';
import { StageError } from '../../errors.ts';

const MiB = 1024 * 1024;
const KEY = 'kind__shop__orders-db__20261120T101112Z__01k0example.tar.gz';

/** A destination over storage that no other test uses. */
export interface DestinationUnderTest {
  destination: Destination;
  /** The same storage as the next process finds it: what the first left under way is a leftover now. */
  restarted: () => Destination;
  /** The same storage as another installation has it. */
  ofAnother: () => Destination;
  /** Where the protocol or this server gives less than the contract. */
  differs?: Differences;
}

/** What a protocol or a server cannot do. Instead of the promise, the suite then checks what is left of it. */
export interface Differences {
  /**
   * Why two processes may both publish one name at the same moment. What is left: at least one is told that it has
   * published, and what is stored is the whole of one of the two.
   */
  publishesTogether?: string;
  /** A staged archive of at most so many bytes lies in the process, not yet at the storage: its death leaves nothing. */
  heldBytes?: number;
  /** A process that dies leaves nothing that could be swept, however much it has sent. */
  leavesNothing?: boolean;
  /** Why nothing without a byte can be stored: publishing it is refused. */
  refusesEmpty?: string;
  /** How many keys the test of paging stores, where each costs a second. Default 601. */
  keysOfPagingTest?: number;
}

/** The contract of every destination. */
export function describeDestination(name: string, make: () => Promise<DestinationUnderTest>): void {
  describe(`destination ${name}`, () => {
    it('gives back exactly the bytes that it took', async () => {
      const { destination } = await make();
      const sent = Buffer.concat(await Readable.from(pieces(3 * MiB)).toArray());
      const staged = await destination.stage(KEY, Readable.from(pieces(3 * MiB)));
      expect(staged.bytes).toBe(sent.length);
      await staged.publish();
      expect(await destination.stat(KEY)).toMatchObject({ key: KEY, bytes: sent.length });
      expect(sent.equals(await buffer(await destination.open(KEY)))).toBe(true);
    });

    it('takes an empty archive, or refuses it', async () => {
      const { destination, differs } = await make();
      const staged = await destination.stage(KEY, Readable.from([]));
      if (differs?.refusesEmpty) {
        await expect(staged.publish()).rejects.toMatchObject({ name: 'StageError' });
        expect(await keysOf(destination)).toEqual([]);
        return;
      }
      await staged.publish();
      expect(staged.bytes).toBe(0);
      expect(await destination.stat(KEY)).toMatchObject({ bytes: 0 });
    });

    it('shows nothing before publish', async () => {
      const { destination, restarted } = await make();
      const staged = await destination.stage(KEY, bodyOf('archive'));
      for (const view of [destination, restarted()]) {
        expect(await keysOf(view)).toEqual([]);
        expect(await view.stat(KEY)).toBeUndefined();
        await expect(view.open(KEY)).rejects.toMatchObject({ reason: 'ArchiveMissing' });
      }
      await staged.publish();
      expect(await keysOf(destination)).toEqual([KEY]);
    });

    it('reads back what is staged, under no name yet unless it proves after publish', async () => {
      const { destination } = await make();
      const sent = Buffer.concat(await Readable.from(pieces(3 * MiB + 7)).toArray());
      const staged = await destination.stage(KEY, Readable.from(pieces(3 * MiB + 7)));
      await toBeProven(destination, staged);
      const { body, readFrom } = await staged.readBack();
      expect(sent.equals(await buffer(body))).toBe(true);
      expect(['storage', 'cache']).toContain(readFrom());
      expect(await keysOf(destination)).toEqual(destination.provesAfterPublish ? [KEY] : []);
      await staged.publish();
    });

    it('confirms what is staged, or says that it can say nothing', async () => {
      const { destination } = await make();
      const staged = await destination.stage(KEY, Readable.from(pieces(3 * MiB + 7)));
      await toBeProven(destination, staged);
      const confirmed = await staged.confirm();
      if (confirmed) expect(['checksum', 'size']).toContain(confirmed.level);
      if (confirmed) expect(confirmed.by).toMatch(/\w/);
      await staged.publish();
      expect(await keysOf(destination)).toEqual([KEY]);
    });

    it('takes more than was expected', async () => {
      const { destination } = await make();
      const sent = Buffer.concat(await Readable.from(pieces(24 * MiB)).toArray());
      const body = Readable.from(pieces(24 * MiB));
      const staged = await destination.stage(KEY, body, { expectedBytes: 1 });
      await staged.publish();
      expect(staged.bytes).toBe(sent.length);
      expect(sent.equals(await buffer(await destination.open(KEY)))).toBe(true);
    });

    it('reads back an empty archive', async () => {
      const { destination, differs } = await make();
      if (differs?.refusesEmpty) return;
      const staged = await destination.stage(KEY, Readable.from([]));
      await toBeProven(destination, staged);
      expect(await buffer((await staged.readBack()).body)).toHaveLength(0);
    });

    it('does not read back what was discarded', async () => {
      const { destination } = await make();
      const staged = await destination.stage(KEY, bodyOf('archive'));
      await staged.discard();
      await expect(staged.readBack()).rejects.toMatchObject({
        name: 'StageError',
        stage: 'checksum',
      });
    });

    it('reads a part of an archive', async () => {
      const { destination } = await make();
      await destination.put('a.json', '0123456789');
      const part = await destination.open('a.json', { range: { start: 2, end: 4 } });
      expect(await text(part)).toBe('234');
    });

    it('can be published twice: the second time changes nothing', async () => {
      const { destination, restarted } = await make();
      const staged = await destination.stage(KEY, bodyOf('archive'));
      await staged.publish();
      await staged.publish();
      expect(await text(await destination.open(KEY))).toBe('archive');
      expect(await restarted().sweep()).toBe(0);
    });

    it('refuses to publish over an archive, which stays as it was', async () => {
      const { destination, restarted } = await make();
      await (await destination.stage(KEY, bodyOf('good'))).publish();
      const second = await destination.stage(KEY, bodyOf('newer'));
      await expect(second.publish()).rejects.toMatchObject({
        name: 'StageError',
        stage: 'publish',
        reason: 'NameTaken',
      });
      expect(await text(await destination.open(KEY))).toBe('good');
      expect(await restarted().sweep()).toBe(0);
    });

    it('lets one of two win that publish the same name at the same time', async () => {
      const { destination, restarted, differs = {} } = await make();
      const both = await Promise.all([
        destination.stage(KEY, bodyOf('one')),
        restarted().stage(KEY, bodyOf('two')),
      ]);
      const ends = await Promise.allSettled(both.map(staged => staged.publish()));
      const winners = ['one', 'two'].filter((_, at) => ends[at]?.status === 'fulfilled');
      if (differs.publishesTogether) expect(winners).not.toEqual([]);
      else expect(winners).toHaveLength(1);
      expect(winners).toContain(await text(await destination.open(KEY)));
    });

    it('leaves nothing behind when the stream breaks half-way', async () => {
      const { destination, restarted } = await make();
      await expect(destination.stage(KEY, breaksAfter(MiB))).rejects.toMatchObject({
        name: 'StageError',
        stage: 'copy',
        reason: 'StreamBroke',
        message: expect.stringContaining('the pod has gone'),
      });
      expect(await keysOf(destination)).toEqual([]);
      expect(await restarted().sweep()).toBe(0);
    });

    it('takes a stream that is destroyed without an error for a broken one', async () => {
      const { destination, restarted } = await make();
      const body = new PassThrough();
      body.write('first bytes', () => body.destroy());
      await expect(destination.stage(KEY, body)).rejects.toMatchObject({ reason: 'StreamBroke' });
      expect(await restarted().sweep()).toBe(0);
    });

    it('takes a stream that broke before it was given for a broken one', async () => {
      const { destination, restarted } = await make();
      const body = new PassThrough();
      const broken = new Promise(resolve => body.once('error', resolve));
      body.destroy(new Error('the pod has gone'));
      await broken;
      await expect(destination.stage(KEY, body)).rejects.toMatchObject({
        reason: 'StreamBroke',
        message: expect.stringContaining('the pod has gone'),
      });
      expect(await restarted().sweep()).toBe(0);
    });

    it("passes on a sender's own verdict", async () => {
      const { destination } = await make();
      const verdict = new StageError(
        'exec',
        'HelperGone',
        'helper pod p was evicted',
        'try again',
        'transient'
      );
      await expect(destination.stage(KEY, breaksAfter(10, verdict))).rejects.toBe(verdict);
    });

    it('stops at once when its caller stops it, and closes the stream', async () => {
      const { destination, restarted } = await make();
      const stop = new AbortController();
      const body = new PassThrough();
      const staging = destination.stage(KEY, body, { signal: stop.signal });
      body.write('first bytes', () => stop.abort());
      await expect(staging).rejects.toMatchObject({ stage: 'copy', reason: 'CopyStopped' });
      expect(body.destroyed).toBe(true);
      expect(await restarted().sweep()).toBe(0);
    });

    it('does not begin when its caller stopped it before', async () => {
      const { destination, restarted } = await make();
      const body = new PassThrough();
      const why = new StageError(
        'copy',
        'RunCancelled',
        'run r was cancelled',
        'start it again',
        'needs-action'
      );
      await expect(destination.stage(KEY, body, { signal: AbortSignal.abort(why) })).rejects.toBe(
        why
      );
      expect(body.destroyed).toBe(true);
      expect(await restarted().sweep()).toBe(0);
    });

    it('forgets what is discarded, however often', async () => {
      const { destination, restarted } = await make();
      const staged = await destination.stage(KEY, bodyOf('archive'));
      await staged.discard();
      await staged.discard();
      expect(await keysOf(destination)).toEqual([]);
      expect(await restarted().sweep()).toBe(0);
    });

    it('keeps what is published when it is discarded afterwards', async () => {
      const { destination } = await make();
      const staged = await destination.stage(KEY, bodyOf('archive'));
      await staged.publish();
      await staged.discard();
      expect(await keysOf(destination)).toEqual([KEY]);
    });

    it('never publishes what was discarded', async () => {
      const { destination } = await make();
      const staged = await destination.stage(KEY, bodyOf('archive'));
      await staged.discard();
      await expect(staged.publish()).rejects.toMatchObject({
        name: 'StageError',
        stage: 'publish',
        reason: 'TemporaryGone',
      });
      expect(await keysOf(destination)).toEqual([]);
    });

    it('sweeps what an earlier process left, and nothing of its own', async () => {
      const { destination, restarted, differs } = await make();
      await destination.put('kept.json', '{}');
      await destination.stage(KEY, leftOver(differs));
      const next = restarted();
      const own = await next.stage('own.tar.gz', bodyOf('own'));
      expect(await next.sweep()).toBe(differs?.leavesNothing ? 0 : 1);
      await own.publish();
      expect(await keysOf(next)).toEqual(['kept.json', 'own.tar.gz']);
      expect(await next.sweep()).toBe(0);
    });

    it('never deletes the temporaries of another installation', async () => {
      const { destination, restarted, ofAnother, differs } = await make();
      const ours = await destination.stage('ours.tar.gz', leftOver(differs));
      expect(await ofAnother().sweep()).toBe(0);
      await ours.publish();
      await destination.stage('left.tar.gz', leftOver(differs));
      expect(await ofAnother().sweep()).toBe(0);
      expect(await restarted().sweep()).toBe(differs?.leavesNothing ? 0 : 1);
      expect(await keysOf(ofAnother())).toEqual(['ours.tar.gz']);
    });

    it('puts a text under its name, and never over another', async () => {
      const { destination, restarted } = await make();
      await destination.put('a.json', '{"größe":1}');
      expect(await text(await destination.open('a.json'))).toBe('{"größe":1}');
      await expect(destination.put('a.json', '{}')).rejects.toMatchObject({
        stage: 'publish',
        reason: 'NameTaken',
      });
      expect(await text(await destination.open('a.json'))).toBe('{"größe":1}');
      expect(await restarted().sweep()).toBe(0);
    });

    it('lists the published keys, or those that are wanted, with their sizes', async () => {
      const { destination } = await make();
      for (const key of ['b.json', 'a', 'a.json']) await destination.put(key, key);
      expect(await keysOf(destination)).toEqual(['a', 'a.json', 'b.json']);
      expect(await keysOf(destination, { prefix: 'a' })).toEqual(['a', 'a.json']);
      const listing = { prefix: 'a', wanted: (key: string) => key.endsWith('.json') };
      const pages: Stored[] = [];
      for await (const page of destination.list(listing)) pages.push(...page);
      expect(pages).toEqual([{ key: 'a.json', bytes: 6, modifiedAt: expect.any(Date) }]);
    });

    it('lists more than a page holds, each key once', async () => {
      const { destination, differs: { keysOfPagingTest = 601 } = {} } = await make();
      const keys = Array.from(
        { length: keysOfPagingTest },
        (_, number) => `key-${String(number).padStart(4, '0')}`
      );
      for (let at = 0; at < keys.length; at += 100)
        await Promise.all(keys.slice(at, at + 100).map(key => destination.put(key, 'x')));
      expect(await keysOf(destination)).toEqual(keys);
    });

    it('removes an archive, and is content when it is gone already', async () => {
      const { destination } = await make();
      await destination.put('a', 'x');
      await destination.remove('a');
      await destination.remove('a');
      expect(await destination.stat('a')).toBeUndefined();
    });

    it('names the archive that is not there', async () => {
      const { destination } = await make();
      await expect(destination.open(KEY)).rejects.toMatchObject({
        stage: 'checksum',
        reason: 'ArchiveMissing',
        message: expect.stringContaining(KEY),
      });
    });

    it.each(['', '.hidden', '..', 'a/b', '../escape', 'a\\b', 'a\0b', 'a\nb', 'é'.repeat(128)])(
      'refuses the key %j',
      async key => {
        const { destination, restarted } = await make();
        const refusal = { name: 'StageError', reason: 'BadKey' };
        const body = bodyOf('x');
        await expect(destination.stage(key, body)).rejects.toMatchObject(refusal);
        expect(body.destroyed).toBe(true);
        await expect(destination.put(key, 'x')).rejects.toMatchObject(refusal);
        await expect(destination.stat(key)).rejects.toMatchObject(refusal);
        await expect(destination.open(key)).rejects.toMatchObject(refusal);
        await expect(destination.remove(key)).rejects.toMatchObject(refusal);
        expect(await restarted().sweep()).toBe(0);
      }
    );

    it('takes a key of 255 bytes', async () => {
      const { destination } = await make();
      const key = `${'k'.repeat(248)}.tar.gz`;
      await (await destination.stage(key, bodyOf('x'))).publish();
      expect(await keysOf(destination)).toEqual([key]);
    });

    it('says how much room there is, or that it does not know', async () => {
      const { destination } = await make();
      const free = await destination.freeBytes();
      expect(free === undefined || free > 0).toBe(true);
    });
  });
}

const bodyOf = (contents: string) => Readable.from([Buffer.from(contents)]);

/** An archive that is at the storage when it is staged. */
const leftOver = ({ heldBytes = 0 }: Differences = {}) => Readable.from(pieces(heldBytes + 4));

/** Brings it to where it can be read back and confirmed. */
async function toBeProven(destination: Destination, staged: Staged): Promise<void> {
  if (destination.provesAfterPublish) await staged.publish();
}

function* pieces(bytes: number) {
  for (let at = 0; at < bytes; at += 64 * 1024)
    yield Buffer.alloc(Math.min(64 * 1024, bytes - at), at / 1024);
}

function breaksAfter(bytes: number, error = new Error('the pod has gone')): Readable {
  return Readable.from(
    (function* () {
      yield Buffer.alloc(bytes);
      throw error;
    })()
  );
}
