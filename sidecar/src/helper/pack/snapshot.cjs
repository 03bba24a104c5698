// Prepares a snapshot file of GNU tar (format 2) for the next increment, in place: `node -e TEXT FILE SECONDS VOLUME STARTED`.
//
//     GNU tar-1.34-2 \n SECONDS \0 NANOSECONDS \0 ( NFS \0 SECONDS \0 NANOSECONDS \0 DEVICE \0 INODE \0 NAME \0 (NAMES \0)* \0 \0 )*
//
// Its time goes back by SECONDS: the kernel takes the times of files from a clock that goes on every 1 to 10 ms, and a file that
// changes in the tick in which tar begins would count as old. Each device becomes 0, which no directory has: tar then takes none
// for one that was renamed, and packs all of a directory with a new name. `tar --extract` cannot carry out every renaming that
// `tar --create` writes down ("Cannot rename ‘./a’ to ‘./b’"). With --no-check-device, tar does not compare devices otherwise.
//
// tar lists all directories before it reads a file. One that was renamed in between has no files in the archive, or those of
// another one that has its name now, and comes back with files whose times are old. So its inode becomes 0, too: the next increment
// packs all of it. Such a directory is in the file `removed` (chain.sh), is not in VOLUME any more, or has a time of change
// after STARTED that is not its modification time.
const fs = require('fs');
const [, path, back, volume, started] = process.argv;
const file = fs.openSync(path, 'r+');
const buffer = Buffer.alloc(1048576);
const ZEROS = Buffer.alloc(32, '0');
const NUL = 0;
let position = 0;
// -1: the first line; then the field of the header (0, 1) or of a record (2 to 7); 8: names of the directory; 9: the last NUL.
let field = -1;
let begin = 0;
let time = '';
let inodeAt = 0;
let inode = '';
let name = [];
const unquoted = (_, escaped) =>
  escaped[2]
    ? String.fromCharCode(parseInt(escaped, 8))
    : '\x07\b\t\n\v\f\r'['abtnvfr'.indexOf(escaped)] || escaped;
const removed = new Set(
  fs.existsSync('removed')
    ? fs
        .readFileSync('removed', 'latin1')
        .split('\n')
        .map(line => line.replace(/\\([0-7]{3}|.)/g, unquoted))
    : []
);
// Whether the archive may have other files of a directory than those that it has.
function wasAway(directory) {
  if (removed.has(directory)) return true;
  try {
    const path = Buffer.from(`${volume}/${directory}`, 'latin1');
    const { ino, ctimeNs, mtimeNs } = fs.lstatSync(path, { bigint: true });
    return (
      `${BigInt.asUintN(64, ino)}` !== inode ||
      (ctimeNs !== mtimeNs && ctimeNs / 1000000000n >= started)
    );
  } catch {
    return true;
  }
}
function put(text, at) {
  if (fs.writeSync(file, text, 0, text.length, at) !== text.length) throw new Error('short write');
}
for (
  let read;
  (read = fs.readSync(file, buffer, 0, buffer.length, position)) > 0;
  position += read
) {
  for (let at = 0; at < read; at++) {
    const byte = buffer[at];
    const here = position + at;
    if (field === -1) {
      if (byte === 10) [field, begin] = [0, here + 1];
      continue;
    }
    if (field === 0 && byte !== NUL) time += String.fromCharCode(byte);
    if (field === 6 && byte !== NUL) inode += String.fromCharCode(byte);
    if (field === 7 && byte !== NUL) name.push(String.fromCharCode(byte));
    if (byte !== NUL) continue;
    const length = here - begin;
    if (field === 0) {
      const earlier = String(Number(time) - Number(back)).padStart(length, '0');
      if (!/^\d+$/.test(time) || earlier.length !== length)
        throw new Error('the snapshot file has no time');
      put(Buffer.from(earlier), begin);
    }
    if (field === 5) {
      if (length < 1 || length > ZEROS.length) throw new Error('the snapshot file has no device');
      put(ZEROS.subarray(0, length), begin);
    }
    if (field === 6) inodeAt = begin;
    if (field === 7 && wasAway(name.join(''))) {
      if (inode.length > ZEROS.length) throw new Error('the snapshot file has no inode');
      put(ZEROS.subarray(0, inode.length), inodeAt);
    }
    if (field === 7) [inode, name] = ['', []];
    if (field < 8) field += 1;
    else if (field === 8) field = length === 0 ? 9 : 8;
    else field = 2;
    begin = here + 1;
  }
}
if (field !== 2) throw new Error('the snapshot file is not complete');
fs.closeSync(file);
