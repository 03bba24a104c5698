import { Transform } from 'node:stream';

/** Channel of the Kubernetes remotecommand protocol. */
export const STDOUT = 1;

const SWITCHED = Buffer.from('HTTP/1.1 101 ');
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/**
 * Takes what a server sends on one connection, and where it is a WebSocket, gives each of its frames to `change`.
 * @param change gets a frame's payload, and its place among the frames from 0. What it returns is passed on and must be
 * as long; undefined: the frame is left out.
 */
export function changeFrames(
  change: (payload: Buffer, index: number) => Buffer | undefined
): Transform {
  let rest = Buffer.alloc(0);
  let kind: 'unknown' | 'frames' | 'other' = 'unknown';
  let index = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      rest = Buffer.concat([rest, chunk]);
      if (kind === 'unknown') {
        const end = rest.indexOf(END_OF_HEAD);
        if (end >= 0) {
          kind = rest.subarray(0, SWITCHED.length).equals(SWITCHED) ? 'frames' : 'other';
          this.push(rest.subarray(0, end + END_OF_HEAD.length));
          rest = rest.subarray(end + END_OF_HEAD.length);
        }
      }
      if (kind === 'other') {
        this.push(rest);
        rest = Buffer.alloc(0);
      }
      for (let frame; kind === 'frames' && (frame = firstFrame(rest)); ) {
        const { head, size } = frame;
        const payload = change(rest.subarray(head, size), index++);
        if (payload) this.push(Buffer.concat([rest.subarray(0, head), payload]));
        rest = rest.subarray(size);
      }
      done();
    },
  });
}

/** @returns where the payload of the first frame begins and ends; undefined while it is not whole. RFC 6455, 5.2. */
function firstFrame(bytes: Buffer): { head: number; size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1); // a server does not mask
  const head = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < head) return undefined;
  const length =
    head === 10 ? Number(bytes.readBigUInt64BE(2)) : head === 4 ? bytes.readUInt16BE(2) : short;
  return bytes.length < head + length ? undefined : { head, size: head + length };
}
