/**
 * Unpacks an archive into a volume and compares the volume with it, together with unpack.sh, which runs the tars:
 *
 *     file 0: tar of the archive    file 1: to the tar that unpacks    file 3: names of entries    file 4: news for the sidecar
 *     files in the working directory: steps (asks unpack.sh for its next step), step.out (what comes of it), result
 *
 * All reading and writing is synchronous: each step waits for the one before it, and pipes keep the memory small.
 */
import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { Comparer } from './comparison.ts';
import { ContentDigest, contentKey } from './contentDigest.ts';
import { Deep } from './deep.ts';
import { type LeftOut, plainEntry } from './entry.ts';
import { Guard, isIntoEmpty } from './guard.ts';
import { END, headerOf } from './header.ts';
import { Input } from './input.ts';
import type { Job, Result } from './job.ts';
import { mayBeLeftOut, wasLeftOut } from './kept.ts';
import { deleteLeftOver, findLeftOver } from './leftOver.ts';
import { Lines } from './lines.ts';
import { messageOf } from './messages.ts';
import { Output } from './output.ts';
import type { Received } from './receive.ts';
import { contentOf, factsOf, receive } from './receive.ts';
import { IMPLIED, NONE, Records, SAID, SEEN } from './records.ts';
import { Refusal } from './refusal.ts';
import { Target, VolumeError } from './target.ts';
import { TarReader } from './tarReader.ts';

const MOST_MESSAGES = 200;
const CAP_FSETID = 4n;

const [volume = '', request = '{}'] = process.argv.slice(2);
const job = JSON.parse(request) as Job;
const records = new Records();
const key = contentKey();
const root = Buffer.from(volume, 'utf8').toString('latin1');
const target = new Target(root);
const patterns = patternsOfBackup();
const isLeftOut = wasLeftOut(patterns);
let stay: ReadonlySet<string> = new Set();
const guard = new Guard(records, target, job.mode);
const comparer = new Comparer(records, {
  mayKeepSetgid: hasCapability(CAP_FSETID),
  // Entries that mode mirror must not delete.
  isOfVolume: path =>
    !target.leadsToMount(path) &&
    !target.isInMount(path) &&
    !target.isReserved(path) &&
    !isLeftOut(path) &&
    !stay.has(path),
});
const deep = new Deep();
const progress: Received = { entries: 0, hasWritten: false };
const result: Result = {
  version: 1,
  refused: null,
  received: null,
  decompressorExit: null,
  tarExit: null,
  packExit: null,
  entries: 0,
  rawBytes: 0,
  replaced: 0,
  deleted: 0,
  errors: 0,
  messages: [],
  leftOverNames: [],
  comparison: null,
};

writeFileSync('brain.pid', `${process.pid}`);
try {
  unpack();
} catch (error) {
  if (error instanceof VolumeError) addError(error.message);
  else if (!(error instanceof Refusal)) throw error;
  else {
    result.refused = {
      reason: error.reason,
      message: error.message,
      entry: error.entry,
      hasWritten: progress.hasWritten || guard.hasRemoved,
    };
  }
}
finish();

function unpack(): void {
  if (isIntoEmpty(job.mode)) checkIsEmpty();
  const input = new Input(0);
  const output = new Output(1);
  const names = new Output(3);
  try {
    const onEntry = ({ path, leftOut }: { path: string; leftOut: readonly LeftOut[] }): void =>
      comparer.leftOut(path, leftOut);
    receive(
      {
        ...{ input, records, guard, target, deep, output, names, onEntry },
        digest: new ContentDigest(key),
        mayBeLeftOut: mayBeLeftOut(patterns),
      },
      job,
      progress
    );
    output.close();
  } catch (error) {
    // A tar that has ended too early says why.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    addError('tar ended before it had read everything');
    closeSync(1);
  } finally {
    result.entries = progress.entries;
    result.rawBytes = input.bytes;
    result.replaced = guard.replaced;
    names.close();
  }
  readMessages();
  if (result.errors > 0 || (result.tarExit ?? 2) > 2 || result.decompressorExit !== 0) return;
  deep.settle(root, records);
  if (job.mode === 'mirror' && !job.isSelection) {
    checkIsAsMeant();
    mirror();
  }
  if (result.errors > 0) return;
  say('comparing');
  compare();
}

/**
 * Right before anything is deleted because the archive lacks it: of another archive than the one that was checked that would be
 * the wrong files. The received bytes are counted by now: the decompressor has ended, and before that what hashes its input.
 */
function checkIsAsMeant(): void {
  const { sha256 } = job.expected;
  if (sha256 === undefined || readText('received.sum').trim().split(' ')[1] === sha256) return;
  throw new Refusal(
    'ArchiveNotAsSealed',
    'the archive is not the one that was checked before: its SHA-256 differs, and nothing was deleted'
  );
}

/** Only now: an archive that turns out to be damaged must not have deleted anything. */
function mirror(): void {
  const { deleted, changed, errors, ...left } = deleteLeftOver(target, records, isLeftOut);
  result.deleted = deleted;
  stay = left.stay;
  errors.forEach(addError);
  if (changed.length === 0) return;
  writeFileSync('steps', 'set-times\n');
  const output = new Output(openSync('times.pipe', 'w'));
  for (const path of changed) {
    const record = records.find(path);
    if (record === NONE || records.flags(record) & IMPLIED) continue;
    output.write(headerOf(plainEntry({ ...records.get(record), path })));
  }
  output.write(END);
  output.close();
  readFileSync('step.out');
}

function checkIsEmpty(): void {
  const [name] = target.topNames();
  if (name === undefined) return;
  throw new Refusal('VolumeNotEmpty', 'the volume is not empty', name);
}

/** Waits until tar has ended, and sorts what it said. */
function readMessages(): void {
  step('messages', fd => {
    for (const line of new Lines(fd, '\n')) noteMessage(line);
  });
  result.tarExit = exitOf('tar.exit');
  result.decompressorExit = exitOf('decompressor.exit');
}

function noteMessage(line: string): void {
  const message = messageOf(line);
  if (message.kind === 'nothing') return;
  const record = message.kind === 'refused' ? records.find(message.path) : NONE;
  if (message.kind === 'refused' && record !== NONE) {
    records.addFlags(record, SAID[message.what]);
    return;
  }
  addError(line);
}

function addError(line: string): void {
  result.errors++;
  if (result.messages.length < MOST_MESSAGES) result.messages.push(line.slice(0, 1000));
}

/** Packs the volume again, and compares it entry by entry with what was received. */
function compare(): void {
  // Other modes begin with nothing but the volume's own directory, and end with nothing that the archive lacks.
  const onlyArchive = job.isSelection || !isIntoEmpty(job.mode) || target.hasOthers();
  step(onlyArchive ? 'pack-names' : 'pack-all', fd => {
    const reader = new TarReader(new Input(fd));
    const digest = new ContentDigest(key);
    for (let entry = reader.next(); entry; entry = reader.next()) {
      const facts = factsOf(entry, records);
      if (entry.type === 'file') facts.digest = contentOf(reader, entry, digest, () => {});
      comparer.add(entry.path, facts, entry.type === 'hardlink' ? entry.target : undefined);
    }
  });
  result.packExit = exitOf('pack.exit');
  step('pack-messages', fd => {
    for (const line of new Lines(fd, '\n')) result.messages.push(line.slice(0, 1000));
  });
  if (onlyArchive && !job.isSelection) {
    findLeftOver(target, records, isLeftOut, path => comparer.addLeftOver(path));
  }
  step('names', fd => {
    for (const name of new Lines(fd, '\0')) {
      const path = name === '.' ? '' : name;
      const record = records.find(path);
      if (record === NONE || records.flags(record) & (SEEN | IMPLIED)) continue;
      records.addFlags(record, SEEN);
      comparer.missing(path, record);
    }
  });
  // Names of the archive that were lost on the way would leave entries that nobody has looked at.
  if (!records.areAll(SEEN | IMPLIED)) {
    result.messages.push('the list of what the archive holds is not complete');
    return;
  }
  result.comparison = comparer.result();
  result.leftOverNames = comparer.leftOverNames;
}

/** Lets unpack.sh do a step, and reads what comes of it to its end. */
function step(name: string, read: (fd: number) => void): void {
  writeFileSync('steps', `${name}\n`);
  const fd = openSync('step.out', 'r');
  read(fd);
  closeSync(fd);
}

/** The file gets its name last: a part of it is never read. */
function finish(): void {
  const [bytes, sha256] = readText('received.sum').trim().split(' ');
  if (bytes && sha256) result.received = { bytes: Number(bytes), sha256 };
  writeFileSync('result.new', JSON.stringify(result));
  renameSync('result.new', 'result');
}

function say(what: string): void {
  writeSync(4, `nkvm: ${what}\n`);
}

/** The file comes with the program; see unpackProgram.ts. */
function patternsOfBackup(): string[] {
  return JSON.parse(readFileSync(new URL('./patterns.json', import.meta.url), 'utf8')) as string[];
}

function exitOf(file: string): number {
  const text = readText(file).trim();
  return text === '' ? 255 : Number(text);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function hasCapability(bit: bigint): boolean {
  const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readText('/proc/self/status')) ?? [];
  return effective === undefined || ((BigInt(`0x${effective}`) >> bit) & 1n) === 1n;
}
