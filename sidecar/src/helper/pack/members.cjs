// Passes standard input on without the marker that follows each gzip member, and then writes into the files of its second
// and third argument: `BYTES SHA256 COUNT SHA256` (of what was passed on; members, and the hash of their sizes), and the
// sizes of the members, `1,2,3`. The marker is random text, so that no file of the volume can hold it.
const fs = require('fs');
const { createHash } = require('crypto');
const [, text, sum, members] = process.argv;
const marker = Buffer.from(text);
const hash = createHash('sha256');
const buffer = Buffer.alloc(262144);
const sizes = [];
let bytes = 0;
let begin = 0;
function pass(from, to) {
  const piece = buffer.subarray(from, to);
  hash.update(piece);
  bytes += piece.length;
  for (let at = 0; at < piece.length; ) at += fs.writeSync(1, piece, at);
}
// The last bytes are held back: they may be the beginning of a marker.
let held = 0;
for (let read; (read = fs.readSync(0, buffer, held, buffer.length - held)) > 0; ) {
  const seen = buffer.subarray(0, held + read);
  let at = 0;
  for (let found; (found = seen.indexOf(marker, at)) >= 0; at = found + marker.length) {
    pass(at, found);
    sizes.push(bytes - begin);
    begin = bytes;
  }
  held = Math.min(seen.length - at, marker.length - 1);
  pass(at, seen.length - held);
  buffer.copyWithin(0, seen.length - held, seen.length);
}
// Without a marker it is part of a member: the compressor failed.
pass(0, held);
const list = sizes.join();
fs.writeFileSync(members, list);
const listHash = createHash('sha256').update(list).digest('hex');
fs.writeFileSync(sum, [bytes, hash.digest('hex'), sizes.length, listHash].join(' ') + '\n');
