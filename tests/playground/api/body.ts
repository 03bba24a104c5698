import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { badRequest, Failure, unsupportedMediaType } from '../store/failure.ts';

const LIMIT_BYTES = 3 * 1024 * 1024;

/**
 * Reads a body of JSON, or of YAML where the type says so. No body is an empty object.
 * @throws Failure 400 when it cannot be read, 413 when it is too long, 415 for protobuf and CBOR.
 */
export async function readBody(request: IncomingMessage, kind: string): Promise<unknown> {
  if (/protobuf|cbor/.test(mediaType(request))) throw unsupportedMediaType();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LIMIT_BYTES) {
      throw new Failure(
        413,
        'RequestEntityTooLarge',
        `Request entity too large: limit is ${LIMIT_BYTES}`
      );
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.trim() === '') return {};
  try {
    return mediaType(request).endsWith('yaml') ? parse(text) : JSON.parse(text);
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ` +
        (error as Error).message
    );
  }
}

/** @returns the content type without its parameters. */
export const mediaType = ({ headers }: IncomingMessage): string =>
  (headers['content-type'] ?? 'application/json').split(';')[0]!.trim();
