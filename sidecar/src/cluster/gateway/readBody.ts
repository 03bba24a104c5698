import type { Readable } from 'node:stream';
import { ApiFailure } from './apiFailure.ts';

/** A Status is shorter, also with the explanation of a webhook. */
const START_BYTES = 64 * 1024;

/** @returns the first 64 KiB of a body; the rest is not read. @throws what the stream throws. */
export async function startOf(body: Readable): Promise<string> {
  return (await read(body, START_BYTES)).text;
}

/** @throws ApiFailure for a body that is longer than `most` bytes, as soon as it is; else what the stream throws. */
export async function wholeOf(body: Readable, most: number): Promise<string> {
  const { text, isWhole } = await read(body, most);
  if (isWhole) return text;
  throw new ApiFailure(
    `the API server sent an answer of more than ${
      most / 1024 / 1024
    } MiB, and NKVM did not read the rest`,
    { kind: 'invalid', class: 'needs-action' }
  );
}

async function read(body: Readable, most: number): Promise<{ text: string; isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop destroys the stream, and with it the connection.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > most) break;
  }
  const isWhole = bytes <= most;
  return { text: Buffer.concat(chunks, Math.min(bytes, most)).toString(), isWhole };
}
