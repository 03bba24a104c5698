import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { indexOfLines, linesFor } from '../../testing/archive/testIndex.ts';
import { IndexBuilder } from './builder.ts';
import { EntryFields, SYMLINK } from './entry.ts';

const SAMPLE = readFileSync(join(import.meta.dirname, 'fixtures/tar-lines.txt'));

describe('an index', () => {
  it('finds every entry by the path that it gives', async () => {
    const index = await indexOfLines(SAMPLE);
    expect(index.entries).toBe(SAMPLE.toString('latin1').trimEnd().split('\n').length);
    for (let node = 0; node < index.nodes; node++) {
      expect(index.nodeOf(index.pathOf(node))).toBe(node);
    }
    expect(index.find('dir/latin1-\\344\\366\\374')).toMatchObject({ type: 'file', bytes: 1 });
    expect(index.find('dir/back\\\\slash')).toMatchObject({ name: 'back\\\\slash' });
    expect(index.find('dir/größe-日本')).toBeDefined();
    expect(index.find('dir/nothing')).toBeUndefined();
    expect(index.find('plain/x')).toBeUndefined();
    expect(index.find('dir\\')).toBeUndefined();
  });

  it('tells what an entry is', async () => {
    const index = await indexOfLines(SAMPLE);
    expect(index.find('')).toMatchObject({
      path: '',
      name: '',
      type: 'directory',
      mode: 'drwx------',
    });
    expect(index.find('dir')).toMatchObject({ type: 'directory', entries: 22, bytes: 0 });
    expect(index.find('setuid')).toMatchObject({ mode: '-rwsr-sr-x', owner: '0/0' });
    expect(index.find('link')).toEqual({
      path: 'link',
      name: 'link',
      type: 'symlink',
      bytes: 0,
      mode: 'lrwxrwxrwx',
      owner: '0/0',
      modifiedAt: '2026-11-20T10:11:12.123Z',
      target: 'nowhere',
      entries: null,
    });
    expect(index.find('char')).toMatchObject({ type: 'character', mode: 'crw-r--r--', bytes: 0 });
    expect(index.find('pipe')).toMatchObject({ type: 'fifo' });
  });

  it('does not take a later file for the one that a hard link is another name of', async () => {
    const index = await indexOfLines(linesFor(['a', 5], 'b = a', ['a', 9], 'c = a'));
    expect(index.targetOf(index.nodeOf('b'))).toBe(-1);
    expect(index.sizeOf(index.nodeOf('b'))).toBe(0);
    expect(index.targetOf(index.nodeOf('c'))).toBe(index.nodeOf('a'));
  });

  it('shows a hard link with the size and the path of the file that it is', async () => {
    const index = await indexOfLines(SAMPLE);
    expect(index.find('first-name')).toMatchObject({
      type: 'hardlink',
      bytes: 6,
      target: 'second link to name',
    });
  });

  it('implies directories that the archive does not list', async () => {
    const index = await indexOfLines(linesFor(['a/b/c', 3], 'a/b/d'));
    expect(index.find('a')).toMatchObject({ type: 'directory', entries: 1, modifiedAt: null });
    expect(index.find('a/b')).toMatchObject({ type: 'directory', entries: 2 });
    expect(index.blockOf(index.nodeOf('a'))).toBe(-1);
  });

  it('takes the last of several entries with the same path, as tar does', async () => {
    const index = await indexOfLines(linesFor('./', ['./a', 1], ['./b', 2], ['a', 3], './b -> a'));
    expect(index.find('a')).toMatchObject({ bytes: 3 });
    expect(index.find('b')).toMatchObject({ type: 'symlink', target: 'a' });
    expect(index.find('')).toMatchObject({ entries: 2 });
  });

  it('keeps directories that are listed after what is in them', async () => {
    const index = await indexOfLines(linesFor(['./a/f', 1], './a/', './'));
    expect(index.find('a')).toMatchObject({ entries: 1, modifiedAt: '2026-11-20T10:11:12.000Z' });
  });

  it('is not led astray by links in circles, or by links to nothing', async () => {
    const index = await indexOfLines(linesFor('a = b', 'b = a', 'c = gone'));
    expect(index.find('a')).toMatchObject({ type: 'hardlink', bytes: 0 });
    expect(index.find('c')).toMatchObject({ type: 'hardlink', bytes: 0, target: 'gone' });
  });

  it('takes no more memory than it may', () => {
    const builder = new IndexBuilder({ maxBytes: 400_000 });
    const entry = new EntryFields();
    const add = () => {
      for (let i = 0; i < 100_000; i++) {
        entry.name.set(Buffer.from(`dir-${i}/file`));
        builder.add(entry);
      }
    };
    expect(add).toThrow(expect.objectContaining({ reason: 'IndexTooBig' }));
  });

  it.each<[string, (entry: EntryFields, i: number) => void]>([
    ['targets of links', entry => entry.link.set(Buffer.alloc(10_000, 'a'))],
    ['owners', (entry, i) => (entry.owner = `${i}/0`)],
    ['long names', (entry, i) => entry.name.set(Buffer.from(`${'n'.repeat(10_000)}${i}`))],
  ])('takes no more for %s, also when paths are few', (_, change) => {
    const builder = new IndexBuilder({ maxBytes: 1_000_000 });
    const entry = new EntryFields();
    entry.type = SYMLINK;
    entry.name.set(Buffer.from('one'));
    const add = () => {
      for (let i = 0; i < 100_000; i++) {
        change(entry, i);
        builder.add(entry);
      }
    };
    expect(add).toThrow(expect.objectContaining({ reason: 'IndexTooBig' }));
  });

  it('has no path and no target that is longer than a request may name', () => {
    for (const field of ['name', 'link'] as const) {
      const entry = new EntryFields();
      entry.name.set(Buffer.from('one'));
      entry[field].set(Buffer.from('a/'.repeat(2_000_000)));
      expect(() => new IndexBuilder().add(entry)).toThrow(
        expect.objectContaining({ reason: 'IndexTooBig' })
      );
    }
  });

  it('has a table that nobody can foresee who chooses names', async () => {
    const table = async () => {
      vi.resetModules();
      const fresh = new (await import('./builder.ts')).IndexBuilder();
      const entry = new EntryFields();
      for (let i = 0; i < 100; i++) {
        entry.name.set(Buffer.from(`file-${i}`));
        fresh.add(entry);
      }
      return fresh.finish().columns.table;
    };
    expect(await table()).not.toEqual(await table());
  });
});
