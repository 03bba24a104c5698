// Compresses standard input in members of so many bytes, several at a time, and writes them in order to standard output:
// `node -e TEXT COUNT BYTES SUM MEMBERS EXIT COMPRESSOR [ARGUMENT …]`. The files of SUM and MEMBERS are those of members.cjs;
// EXIT gets the exit code of the compressor, the first that is not 0. At most COUNT members are in memory, as they were read
// or compressed: one that has not been sent yet counts.
const fs = require('fs');
const { spawn } = require('child_process');
const { createHash } = require('crypto');
const { finished } = require('stream');
const [, count, size, sum, list, exit, compressor, ...options] = process.argv;
const hash = createHash('sha256');
const sizes = [];
// Members that are not sent yet, in order, and buffers of those that are.
const members = [];
const free = [];
let current;
let bytes = 0;
let isReading = false;
let isAtEnd = false;

function read() {
  if (isReading || isAtEnd || (!current && members.length >= Number(count))) return;
  isReading = true;
  const member = current || { raw: free.pop() || Buffer.allocUnsafeSlow(Number(size)), at: 0 };
  const { raw, at } = member;
  fs.read(0, raw, at, raw.length - at, null, (error, got) => {
    if (error) throw error;
    isReading = false;
    isAtEnd = got === 0;
    if (got > 0) {
      if (!current) start(member);
      current = member;
      member.input.write(raw.subarray(at, at + got));
      member.at += got;
    }
    if (current && (isAtEnd || member.at === raw.length)) {
      current.input.end();
      current = undefined;
    }
    send();
    read();
  });
}

function start(member) {
  const child = spawn(compressor, options, { stdio: ['pipe', 'pipe', 'inherit'] });
  Object.assign(member, { input: child.stdin, done: [], bytes: 0, code: undefined });
  members.push(member);
  child.stdout.on('data', piece => {
    member.done.push(piece);
    send();
  });
  // A compressor that has not read all of its member has not compressed it, whatever its exit code.
  const read = new Promise(resolve => finished(child.stdin, problem => resolve(problem ? 1 : 0)));
  const ended = new Promise(resolve => {
    child.on('error', () => resolve(127));
    child.on('close', (code, signal) => resolve(signal ? 137 : code));
  });
  Promise.all([ended, read]).then(([code, problem]) => {
    member.code = code || problem;
    send();
  });
}

// Sends what there is of the first member, and then those after it.
function send() {
  for (let first; (first = members[0]); members.shift()) {
    for (const piece of first.done) pass(piece);
    first.bytes += first.done.reduce((all, piece) => all + piece.length, 0);
    first.done = [];
    if (first.code === undefined) return;
    if (first.code !== 0) return finish(first.code);
    sizes.push(first.bytes);
    free.push(first.raw);
  }
  if (isAtEnd) finish(0);
  else read();
}

function pass(piece) {
  hash.update(piece);
  bytes += piece.length;
  for (let at = 0; at < piece.length; ) at += fs.writeSync(1, piece, at);
}

// Ends the process: what is left of tar and compressors then ends, too.
function finish(code) {
  const text = sizes.join();
  fs.writeFileSync(list, text);
  const listHash = createHash('sha256').update(text).digest('hex');
  fs.writeFileSync(sum, [bytes, hash.digest('hex'), sizes.length, listHash].join(' ') + '\n');
  fs.writeFileSync(exit, code + '\n');
  process.exit(0);
}

read();
