// Prepares a snapshot file of GNU tar (format 2) for the next increment, in place: `node -e TEXT FILE SECONDS`.
//
//     GNU tar-1.34-2 \n SECONDS \0 NANOSECONDS \0 ( NFS \0 SECONDS \0 NANOSECONDS \0 DEVICE \0 INODE \0 NAME \0 (NAMES \0)* \0 \0 )*
//
// Its time goes back by SECONDS: the kernel takes the times of files from a clock that goes on every 1 to 10 ms, and a file that
// changes in the tick in which tar begins would count as old. Each device becomes 0, which no directory has: tar then takes none
// for one that was renamed, and packs all of a directory with a new name. `tar --extract` cannot carry out every renaming that
// `tar --create` writes down ("Cannot rename ‘./a’ to ‘./b’"). With --no-check-device, tar does not compare devices otherwise.
const fs = require('fs');
const [, path, back] = process.argv;
const file = fs.openSync(path, 'r+');
const buffer = Buffer.alloc(1048576);
const ZEROS = Buffer.alloc(32, '0');
const NUL = 0;
let position = 0;
// -1: the first line; then the field of the header (0, 1) or of a record (2 to 7); 8: names of the directory; 9: the last NUL.
let field = -1;
let begin = 0;
let time = '';
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
    if (field < 8) field += 1;
    else if (field === 8) field = length === 0 ? 9 : 8;
    else field = 2;
    begin = here + 1;
  }
}
if (field !== 2) throw new Error('the snapshot file is not complete');
fs.closeSync(file);
