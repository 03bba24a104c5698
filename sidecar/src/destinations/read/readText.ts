import type { Readable } from 'node:stream';
import { StageError } from '../../errors.ts';
import type { Call, Destination } from '../destination.ts';

/** A short text comes at once; a body has no limit of its own. */
const LIMIT_MS = 60_000;

/**
 * @param limitBytes a longer one is refused before all of it is read
 * @returns the text that is stored at `key`
 * @throws RangeError when it is longer; StageError when it cannot be read, or does not come
 */
export async function readText(
  destination: Destination,
  key: string,
  limitBytes: number,
  call: Call = {}
): Promise<string> {
  const body = await destination.open(key, call);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    const refuse = () => reject(timedOut(destination, key));
    timer = setTimeout(refuse, LIMIT_MS);
    call.signal?.addEventListener('abort', refuse, { once: true });
  });
  try {
    return await Promise.race([textOf(body, key, limitBytes), tooLate]);
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

async function textOf(body: Readable, key: string, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > limitBytes) throw new RangeError(`${key} is longer than ${limitBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const timedOut = ({ location }: Destination, key: string) =>
  new StageError(
    'checksum',
    'DestinationTimedOut',
    `destination ${location} did not give the text of ${key} within ${LIMIT_MS / 1000} s`,
    'check that the storage answers, e.g. its server and the network',
    'transient'
  );
