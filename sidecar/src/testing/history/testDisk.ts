import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Notice } from '../../history/durability/notice.ts';
import type { FileCalls } from '../../history/durability/wholeFile.ts';
import type { History } from '../../history/history.ts';
import type { HistoryOptions } from '../../history/openHistory.ts';
import { openHistory } from '../../history/openHistory.ts';
import { loadSqlite } from '../../history/schema/sqlite.ts';

/** @returns a path for a history in a directory of its own. */
export function newPath(...folders: string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-history-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, ...folders, 'nkvm.db');
}

/** The destination of the example runs. */
const LOCAL = [{ id: 'local', kind: 'local', location: '/var/lib/nkvm/backups' }];

/** Opens a history that is closed when the test ends, unless the test did so. */
export async function openFor(path: string, options: HistoryOptions = {}): Promise<History> {
  const history = await openHistory(path, { reserveBytes: 0, destinations: LOCAL, ...options });
  onTestFinished(() => history.close());
  return history;
}

/** What another program finds in the file at this moment: `id status bytes` of every run. */
export async function inFile(path: string): Promise<string[]> {
  const { Database } = await loadSqlite();
  const db = new Database(readFileSync(path));
  try {
    const [rows] = db.exec('SELECT id, status, bytes FROM backup_history ORDER BY id');
    return (rows?.values ?? []).map(values => values.join(' ').trim());
  } finally {
    db.close();
  }
}

/** Starts a new process with what the disk has at this moment, as after a kill. It must have nothing to report. */
export async function afterKill(path: string, notices: Notice[] = []): Promise<History> {
  const copy = newPath();
  cpSync(dirname(path), dirname(copy), { recursive: true });
  return openFor(join(dirname(copy), basename(path)), {
    onNotice: notice => notices.push(notice),
  });
}

/** What is on disk, in the file or in its journal: `id status bytes` of every run. */
export async function onDisk(path: string): Promise<string[]> {
  const notices: Notice[] = [];
  const history = await afterKill(path, notices);
  if (notices.length > 0) throw new Error(JSON.stringify(notices));
  return history
    .list({ limit: 500 })
    .backups.map(({ id, status, bytes }) => `${id} ${status} ${bytes ?? ''}`.trim())
    .sort();
}

/** A disk that can be told to be slow, full or broken. The kernel itself says what a full one says. */
export function testDisk() {
  let gate = Promise.resolve();
  let isFull = () => false;
  let isBroken = false;

  const refuse = async (): Promise<void> => {
    const full = await fs.open('/dev/full', 'w');
    await full.writeFile('x').finally(() => full.close());
  };
  const syncError = () => Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });

  const disk = {
    /** Writes that were begun: a record of the journal, or a whole file. */
    writes: 0,
    files: {
      open: async (path, flags, mode) => {
        const file = await fs.open(path, flags, mode);
        const write = file.writeFile.bind(file);
        file.writeFile = async bytes => {
          disk.writes += 1;
          const answersFull = isFull();
          await gate;
          // A full disk takes what still fits.
          await write(answersFull ? (bytes as Buffer).subarray(0, 30) : bytes);
          if (answersFull) await refuse();
        };
        const calls = { sync: file.sync, datasync: file.datasync, truncate: file.truncate };
        for (const [name, call] of Object.entries(calls)) {
          Object.assign(file, {
            [name]: async (...words: []) => {
              if (isBroken) throw syncError();
              await call.apply(file, words);
            },
          });
        }
        return file;
      },
      rename: fs.rename,
    } satisfies FileCalls as FileCalls,
    fill: () => (isFull = () => true),
    /** Is full until something else has made room. */
    fillUntil: (hasRoom: () => boolean) => (isFull = () => !hasRoom()),
    makeRoom: () => (isFull = () => false),
    /** Lets it take writes, and neither make them durable nor take them back. */
    breakDown: () => (isBroken = true),
    repair: () => (isBroken = false),
    /** @returns what lets the writes go on that wait from now on. */
    hold: () => {
      let letGo = () => {};
      gate = new Promise(resolve => (letGo = resolve));
      return letGo;
    },
  };
  return disk;
}

/** @returns a history on a disk of its own; its file is written when it closes, unless `options` say otherwise. */
export async function withDisk(options: HistoryOptions = {}) {
  const path = newPath();
  const disk = testDisk();
  const quiet = {
    checkpointDelayMs: 600_000,
    checkpointNotesDelayMs: 600_000,
    checkpointRetryMs: 5,
    checkpointShare: 1,
  };
  const history = await openFor(path, { files: disk.files, ...quiet, ...options });
  disk.writes = 0;
  return { path, disk, history };
}
