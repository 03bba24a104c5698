// Decides whether tar would see every change of a volume since the archive that `base.gz` belongs to, and notes how the volume
// is now. `node -e TEXT VOLUME MOST`, in the work directory; standard input is find's list of the volume, records of
// `DEPTH TAB INODE TAB TYPE TAB LINKS TAB SIZE TAB MTIME TAB CTIME TAB NAME NUL`, each directory before what is in it.
//
// tar takes a file for unchanged when both of its times are before the time of its snapshot file. That is wrong where a clock
// was set back, a volume was rolled back, or a server has other times. So `base.gz` has a hash of each file's metadata, too: a
// file that is old and not among them has changed without tar's notice. Contents that change without a change of times are
// found by chance: `base.gz` has the hashes of some pieces of files, which are read again.
//
// tar packs all of a directory that is new or has another inode than in its snapshot file, and nothing of a file that is unchanged
// elsewhere. Of an unchanged file with hard links in both, one archive would have some names and an older one the others, and two
// files would come back. A directory may be renamed after it is read here and before tar reads it: `node -e TEXT after`, when tar has
// ended, prints how many with such files tar has not found under their names.
//
// It writes `tar.snapshot`, tar's file from base.gz (none: tar packs everything), `known`, 8 bytes for each file, `sample`, and
// `linked`, numbers of directories.
// Standard output gets lines for the seal: `chain=full|increment|none`, `chainReason=`, `chainCount=`, `entriesInVolume=`.
// base.gz is gzip of: a line of JSON {formatVersion, archive, tarBytes, entries, sample}, tar's snapshot file, and `known`.
const fs = require('fs');
const zlib = require('zlib');
const { createHash, randomInt } = require('crypto');
const [, volume, most] = process.argv;
const PIECE = 65536;
const PIECES = 64;

// A set of 64-bit hashes, by open addressing.
function hashSet(count) {
  let size = 1024;
  while (size < count * 2) size *= 2;
  const high = new Uint32Array(size);
  const low = new Uint32Array(size);
  const find = (h, l) => {
    let at = l & (size - 1);
    while ((high[at] || low[at]) && (high[at] !== h || low[at] !== l)) at = (at + 1) & (size - 1);
    return at;
  };
  return {
    add(h, l) {
      const at = find(h, l);
      high[at] = h;
      low[at] = l;
    },
    has(h, l) {
      const at = find(h, l);
      return high[at] === h && low[at] === l;
    },
  };
}

// cyrb53, with all of its 64 bits.
let high = 0;
let low = 0;
function hash(text) {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 2654435761);
    b = Math.imul(b ^ c, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  high = a >>> 0; // no hash is 0: that marks a free place
  low = (b | 1) >>> 0;
}

// The base, or undefined where there is none, or one that cannot be read.
async function readBase() {
  if (!fs.existsSync('base.gz')) return undefined;
  const out = fs.openSync('tar.snapshot', 'w');
  let head;
  let text = Buffer.alloc(0);
  let rest = 0;
  let set;
  let seen = 0;
  let odd = Buffer.alloc(0);
  let time = '';
  let zeros = 0;
  let directories;
  try {
    for await (let chunk of fs
      .createReadStream('base.gz')
      .pipe(zlib.createGunzip({ chunkSize: 262144 }))) {
      if (!head) {
        text = Buffer.concat([text, chunk]);
        const end = text.indexOf(10);
        if (end < 0) continue;
        head = JSON.parse(text.subarray(0, end).toString());
        if (head.formatVersion !== 1) return undefined;
        rest = head.tarBytes;
        set = hashSet(head.entries);
        chunk = text.subarray(end + 1);
      }
      if (rest > 0) {
        const part = chunk.subarray(0, rest);
        fs.writeSync(out, part);
        for (let i = 0; zeros < 2 && i < part.length; i++) {
          if (part[i] === 0) zeros += 1;
          time += part[i] === 0 ? ' ' : String.fromCharCode(part[i]);
        }
        rest -= part.length;
        chunk = chunk.subarray(part.length);
      }
      if (chunk.length === 0) continue;
      const known = Buffer.concat([odd, chunk]);
      let at = 0;
      for (; at + 8 <= known.length; at += 8)
        set.add(known.readUInt32LE(at), known.readUInt32LE(at + 4));
      seen += at / 8;
      odd = known.subarray(at);
    }
    directories = directoriesIn(fs.readFileSync('tar.snapshot'));
  } catch {
    return undefined;
  } finally {
    fs.closeSync(out);
  }
  const [, seconds, nanoseconds] = /\n(\d+) (\d+) $/.exec(time) || [];
  if (!head || rest > 0 || seen !== head.entries || odd.length > 0 || !seconds) return undefined;
  const sample = new Map(head.sample.map(piece => [piece.file, piece]));
  return { set, sample, directories, time: Number(seconds) + Number(nanoseconds) / 1e9 };
}

// A number for a directory, of 53 bits.
function numberOf(path, inode) {
  hash(`${inode}\t${path}`);
  return high * 2097152 + (low >>> 11);
}

// The directories that tar's snapshot file has; see snapshot.cjs.
function directoriesIn(snapshot) {
  const found = new Set();
  let at = snapshot.indexOf(10) + 1;
  const next = (ending = '\0') => {
    const end = snapshot.indexOf(ending, at);
    if (end < 0) throw new Error('the snapshot file is not complete');
    const text = snapshot.latin1Slice(at, end);
    at = end + ending.length;
    return text;
  };
  for (let i = 0; i < 2; i++) next();
  while (at < snapshot.length) {
    for (let i = 0; i < 4; i++) next();
    const inode = next();
    found.add(numberOf(next(), inode));
    at -= 1;
    next('\0\0\0');
  }
  return found;
}

function hashOfPiece(path, offset) {
  const file = fs.openSync(
    path,
    fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK
  );
  try {
    const before = fs.fstatSync(file);
    const piece = Buffer.alloc(PIECE);
    const read = fs.readSync(file, piece, 0, PIECE, offset);
    const after = fs.fstatSync(file);
    if (before.ctimeMs !== after.ctimeMs) return undefined;
    return createHash('sha256').update(piece.subarray(0, read)).digest('hex');
  } finally {
    fs.closeSync(file);
  }
}

async function main() {
  const base = await readBase();
  const known = fs.openSync('known', 'w');
  const out = Buffer.alloc(262144);
  let used = 0;
  let entries = 0;
  let bytes = 0;
  let files = 0;
  let unseen = 0;
  let differ = 0;
  const chosen = [];
  const names = [];
  const inodes = [];
  // Whether tar packs all of a directory; and inodes of unchanged files that have several names, in such directories and elsewhere.
  const isWhole = [];
  const packed = [];
  const left = [];
  const numbers = [];
  const linked = new Set();
  const pathOf = (depth, name) =>
    Buffer.from([volume, ...names.slice(1, depth), name].join('/'), 'latin1');

  function take(record) {
    const [depthText, inode, type, links, size, mtime, ctime, ...more] = record.split('\t');
    const depth = Number(depthText);
    const name = more.join('\t');
    bytes += name.length + 2;
    entries += 1;
    if (type === 'd') {
      names[depth] = name;
      inodes[depth] = inode;
      numbers[depth] = numberOf(names.slice(0, depth + 1).join('/'), inode);
      isWhole[depth] = isWhole[depth - 1] || !base?.directories.has(numbers[depth]);
      // Its record in tar's file has its path, too.
      for (let i = 1; i < depth; i++) bytes += names[i].length + 1;
      bytes += 64;
      return;
    }
    bytes += 8;
    hash([inodes[depth - 1], name, inode, type, size, mtime, ctime].join('\t'));
    out.writeUInt32LE(high, used);
    out.writeUInt32LE(low, used + 4);
    files += 1;
    if ((used += 8) === out.length) used = fs.writeSync(known, out) && 0;
    const file = high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
    const isRead = type === 'f' && size !== '0';
    if (base && Number(mtime) < base.time && Number(ctime) < base.time) {
      if (!base.set.has(high, low)) unseen += 1;
      if (links !== '1') {
        (isWhole[depth - 1] ? packed : left).push(Number(inode));
        linked.add(numbers[depth - 1]);
      }
      const piece = base.sample.get(file);
      if (piece && isRead) {
        const sha256 = tryTo(() => hashOfPiece(pathOf(depth, name), piece.offset));
        if (sha256 !== undefined && sha256 !== piece.sha256) differ += 1;
      }
    }
    if (!isRead) return;
    const place = chosen.length < PIECES ? chosen.length : randomInt(files);
    if (place >= PIECES) return;
    const pieces = Math.ceil(Number(size) / PIECE);
    chosen[place] = { file, path: pathOf(depth, name), offset: randomInt(pieces) * PIECE };
  }

  let rest = '';
  process.stdin.setEncoding('latin1');
  for await (const chunk of process.stdin) {
    const records = (rest + chunk).split('\0');
    rest = records.pop();
    for (const record of records) take(record);
  }
  if (rest !== '' || entries === 0) throw new Error('the list of the volume is not complete');
  fs.writeSync(known, out, 0, used);
  fs.closeSync(known);
  const sample = chosen.flatMap(({ file, path, offset }) => {
    const sha256 = tryTo(() => hashOfPiece(path, offset));
    return sha256 === undefined ? [] : [{ file, offset, sha256 }];
  });
  fs.writeFileSync('sample', JSON.stringify(sample));
  fs.writeFileSync('linked', JSON.stringify([...linked]));

  const inPacked = new Set(packed);
  const split = new Set(left.filter(inode => inPacked.has(inode))).size;
  const isBig = bytes > Number(most);
  const reason = !fs.existsSync('base.gz')
    ? 'asked'
    : !base
    ? 'unreadable'
    : unseen > 0
    ? 'unseen'
    : differ > 0
    ? 'contents'
    : split > 0
    ? 'links'
    : 'none';
  if (isBig || reason !== 'none') fs.rmSync('tar.snapshot', { force: true });
  const form = isBig ? 'none' : reason === 'none' ? 'increment' : 'full';
  process.stdout.write(
    `chain=${form}\nchainReason=${isBig ? 'too-big' : reason}\nchainCount=${
      unseen || differ || split
    }\n` + `entriesInVolume=${entries}\nknown=${files}\n`
  );
}

function tryTo(read) {
  try {
    return read();
  } catch {
    return undefined; // the file is gone, or cannot be read: tar says so
  }
}

// How many of the directories in `linked` tar has not found as they were.
async function after() {
  const found = directoriesIn(fs.readFileSync('tar.snapshot'));
  const linked = JSON.parse(fs.readFileSync('linked'));
  process.stdout.write(`${linked.filter(each => !found.has(each)).length}\n`);
}

(volume === 'after' ? after() : main()).catch(error => {
  process.stderr.write(`nkvm: ${error.message}\n`);
  process.exitCode = 1;
});
