// Sends standard input, an archive, to object storage in parts, with requests that the sidecar signs one by one. It gets
// this text, the terms and the answers over file 5, a line each, and writes what it asks and tells to standard output, as
// JSON (helper/direct/messages.ts). No credential comes here.
//
// Until the storage holds the first part, another way is possible: then the line {"type":"otherwise"} and the archive itself
// follow on standard output. `hello.age` holds what encrypts this one file, in the format age v1.
const fs = require('fs');
const http = require('http');
const https = require('https');
const net = require('net');
const { createCipheriv, createHash } = require('crypto');

// A busy node takes its time. Meanwhile the first part is packed.
const CONNECT_MS = 5000;
const QUIET_MS = 60000;
const TRIES = 5;
const WAITS_MS = [200, 1000, 3000, 6000];
const CHUNK = 65536;
const { terms } = hello;
let { addresses } = terms;

function write(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
const say = message => write(Buffer.from(JSON.stringify(message) + '\n'));
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
const read = buffer =>
  new Promise((resolve, reject) =>
    fs.read(0, buffer, 0, buffer.length, null, (error, n) => (error ? reject(error) : resolve(n)))
  );

// Answers come for the question that waits for that part.
const waiting = new Map();
let heard = '';
function hear(text) {
  heard += text;
  for (let end; (end = heard.indexOf('\n')) >= 0; ) {
    const answer = JSON.parse(heard.slice(0, end));
    heard = heard.slice(end + 1);
    const key = answer.to + answer.number;
    const resolve = waiting.get(key);
    waiting.delete(key);
    if (resolve) resolve(answer);
  }
}
control.on('data', hear);
hear(rest);
// Without the sidecar there is nobody to send for.
control.on('end', () => process.exit(3));
control.on('error', () => process.exit(3));
const ask = question =>
  new Promise(resolve => {
    waiting.set(question.type + question.number, resolve);
    say(question);
  });

// The memory that the pod may use.
function memoryLimit() {
  for (const file of ['memory.max', 'memory/memory.limit_in_bytes']) {
    try {
      const limit = Number(fs.readFileSync('/sys/fs/cgroup/' + file, 'utf8'));
      if (limit > 0) return Math.min(limit, 8589934592);
    } catch {}
  }
  return 536870912;
}

// Parts may take a quarter of it, up to 128 MiB: tar, the compressors and this process need theirs. The parts of big archives
// are bigger than that: two of them may take a half of it, or else one alone.
const mostPart = Math.floor(memoryLimit() / 2);
const memoryFor = size =>
  Math.max(Math.min(memoryLimit() / 4, 134217728), Math.min(2 * size, mostPart));

// The addresses are those that NKVM has checked.
function lookup(host, options, done) {
  if (options.all) done(null, addresses);
  else done(null, addresses[0].address, addresses[0].family);
}
const agent = new (terms.isTls ? https : http).Agent({
  keepAlive: true,
  lookup,
  ...(terms.isTls && {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: !terms.insecure,
    ...(terms.caBundle && { ca: terms.caBundle }),
    ...(net.isIP(terms.host) === 0 && { servername: terms.host }),
  }),
});

// Whether the server can be reached at all: a NetworkPolicy drops packets without a message.
function reach() {
  return new Promise(resolve => {
    const socket = net.connect({ host: terms.host, port: terms.port, lookup });
    const end = why => {
      clearTimeout(timer);
      socket.destroy();
      resolve(why);
    };
    const timer = setTimeout(() => end('no answer within ' + CONNECT_MS + ' ms'), CONNECT_MS);
    socket.on('connect', () => end());
    socket.on('error', error => end(error.code || error.message));
  });
}

// Sends one part once. Resolves to undefined, or to why it was refused.
function sendOnce(request, body) {
  addresses = request.addresses;
  return new Promise(resolve => {
    let isOver = false;
    const end = answer => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      resolve(answer);
    };
    const sent = (terms.isTls ? https : http).request({
      ...{ host: terms.host, port: terms.port, method: 'PUT', agent },
      ...{ path: request.path, headers: request.headers },
    });
    const quiet = () => {
      end({ code: 'ETIMEDOUT', message: 'no byte was taken for ' + QUIET_MS / 1000 + ' s' });
      sent.destroy();
    };
    let timer = setTimeout(quiet, QUIET_MS);
    const goesOn = bytes => {
      clearTimeout(timer);
      timer = setTimeout(quiet, QUIET_MS);
      if (bytes) moved(bytes);
    };
    sent.on('error', error => end({ code: error.code || 'EPIPE', message: error.message }));
    sent.on('response', response => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', more => {
        goesOn(0);
        if (text.length < 4096) text += more;
      });
      response.on('error', error => end({ code: 'ECONNRESET', message: error.message }));
      response.on('close', () => end({ code: 'ECONNRESET', message: 'the answer was cut off' }));
      response.on('end', () => {
        if (response.statusCode === 200) return end();
        const of = name => (new RegExp('<' + name + '>([^<]*)').exec(text) || ['', ''])[1];
        end({
          status: response.statusCode,
          code: of('Code'),
          message: of('Message').slice(0, 200),
        });
        // The rest of the part would be taken for the next request.
        sent.destroy();
      });
    });
    let at = 0;
    const pump = () => {
      while (at < body.length && !isOver) {
        const piece = body.subarray(at, at + 262144);
        at += piece.length;
        const hasRoom = sent.write(piece);
        goesOn(piece.length);
        if (!hasRoom) return sent.once('drain', pump);
      }
      if (!isOver) sent.end();
    };
    pump();
  });
}

// Progress for the sidecar, which gives up when there is none.
let movedBytes = 0;
let toldAt = Date.now();
function moved(bytes) {
  movedBytes += bytes;
  if (Date.now() - toldAt < 1000) return;
  toldAt = Date.now();
  say({ type: 'progress', bytes: movedBytes });
}

// A request that waited too long has expired: the next one is signed again.
const mayPass = ({ status, code }) =>
  status === undefined ||
  status >= 500 ||
  status === 429 ||
  status === 408 ||
  (status === 403 && /Expired|Skewed|AccessDenied|RequestTime/i.test(code));

// Sends one part until it is stored. Resolves to undefined, or to why it is not.
async function store(part, body, tries) {
  for (let turn = 1; ; turn++) {
    const request = await ask({ type: 'want', ...part });
    if (request.otherwise !== undefined) return request;
    const refusal = await sendOnce(request, body);
    if (!refusal) return say({ type: 'sent', number: part.number });
    const isLast = turn >= (refusal.status === 403 ? 2 : tries);
    if (isLast || !mayPass(refusal)) return refusal;
    await sleep(WAITS_MS[turn - 1] * (0.5 + Math.random()));
  }
}

let number = 0;
let part;
let filled = 0;
let parts = 0;
let failure;
const free = [];
const inFlight = new Set();
// Parts that nobody expected are at most as big as they can be.
const sizeOf = n => Math.min(terms.partSizes.filter(({ from }) => from <= n).pop().bytes, mostPart);
let heldBytes = 0;

// The first part decides: when the storage holds it, the whole archive goes there. Until then, the archive is kept in case that
// it has to go another way.
let isDecided = false;
let kept = [];

async function otherwise(why) {
  control.destroy();
  say({ type: 'otherwise', why });
  for (const piece of kept) write(piece);
  const buffer = Buffer.allocUnsafeSlow(262144);
  for (let n; (n = await read(buffer)) > 0; ) write(buffer.subarray(0, n));
  process.exit(0);
}

async function nextPart() {
  number++;
  if (number > terms.maxParts) throw { code: 'TooManyParts', message: 'it has too many parts' };
  const size = sizeOf(number);
  while (inFlight.size > 0 && (inFlight.size > 3 || heldBytes + size > memoryFor(size)))
    await Promise.race(inFlight);
  if (failure) throw failure;
  const used = free.pop();
  part = used && used.length === size ? used : Buffer.allocUnsafeSlow(size);
  heldBytes += size;
  filled = 0;
}

async function endPart() {
  const buffer = part;
  const body = part.subarray(0, filled);
  const sha256 = createHash('sha256').update(body).digest('base64');
  const about = { number, bytes: body.length, sha256 };
  part = undefined;
  parts++;
  const letGo = () => {
    heldBytes -= buffer.length;
    free.push(buffer);
  };
  if (!isDecided) {
    await decide(about, body);
    return letGo();
  }
  const sending = store(about, body, TRIES).then(refusal => {
    inFlight.delete(sending);
    failure = failure || refusal;
    letGo();
  });
  inFlight.add(sending);
}

async function decide(about, body) {
  const why = await reached;
  if (why) await otherwise(`the helper pod cannot reach ${terms.host}:${terms.port} (${why})`);
  const refusal = await store(about, body, 2);
  if (refusal && refusal.otherwise) await otherwise(refusal.otherwise);
  if (refusal) {
    const { status, code, message } = refusal;
    const text = [status, code, message].filter(Boolean).join(' ');
    await otherwise(`the storage did not take the first part from the helper pod (${text})`);
  }
  const answer = await ask({ type: 'begun', number: about.number });
  if (answer.otherwise !== undefined) await otherwise(answer.otherwise);
  isDecided = true;
  kept = [];
}

// Takes bytes of the file that is stored.
const storedHash = createHash('sha256');
let storedBytes = 0;
async function append(bytes) {
  if (terms.age) storedHash.update(bytes);
  storedBytes += bytes.length;
  for (let at = 0; at < bytes.length; ) {
    if (!part) await nextPart();
    const taken = bytes.copy(part, filled, at);
    filled += taken;
    at += taken;
    if (filled === part.length) await endPart();
  }
}

// Chunks of age v1: the number of the chunk and whether it is the last are its nonce.
let chunks = 0;
async function appendSealed(isLast, plain) {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(chunks++, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  const key = Buffer.from(terms.age.key, 'base64');
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  const sealed = cipher.update(plain);
  cipher.final();
  await append(sealed);
  await append(cipher.getAuthTag());
}

const chunk = Buffer.allocUnsafeSlow(CHUNK);
let held = 0;
async function encrypt(piece) {
  for (let at = 0; at < piece.length; ) {
    // Only now it is known that the chunk is not the last one.
    if (held === CHUNK) {
      await appendSealed(false, chunk);
      held = 0;
    }
    const taken = piece.copy(chunk, held, at);
    held += taken;
    at += taken;
  }
}

const reached = reach();
async function main() {
  if (terms.expectedPart > mostPart || 2 * sizeOf(1) > memoryFor(0)) {
    const [needed, given] = [terms.expectedPart, memoryLimit()].map(n => Math.ceil(n / 1048576));
    await otherwise(
      `parts of ${needed} MiB need more memory than the helper pod may use (${given} MiB)`
    );
  }
  const hash = createHash('sha256');
  let bytes = 0;
  if (terms.age) await append(Buffer.from(terms.age.begin, 'base64'));
  const buffer = Buffer.allocUnsafeSlow(262144);
  for (let n; (n = await read(buffer)) > 0; ) {
    const piece = buffer.subarray(0, n);
    hash.update(piece);
    bytes += n;
    if (!isDecided) kept.push(Buffer.from(piece));
    await (terms.age ? encrypt(piece) : append(piece));
  }
  if (terms.age) await appendSealed(true, chunk.subarray(0, held));
  if (!isDecided) await otherwise('the archive fits into one part');
  if (part && filled > 0) await endPart();
  while (inFlight.size > 0) await Promise.race(inFlight);
  if (failure) throw failure;
  const archive = { bytes, sha256: hash.digest('hex') };
  const stored = terms.age ? { bytes: storedBytes, sha256: storedHash.digest('hex') } : archive;
  say({ type: 'end', archive, stored, parts });
  process.exit(0);
}
main().catch(error => {
  const { status = 0, code = '', message, otherwise: why } = error;
  say({ type: 'failed', status, code: String(code), message: String(why || message || error) });
  process.exit(3);
});
