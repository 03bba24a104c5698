import type { Destination } from './destination.ts';

/**
 * @param limitBytes a longer one is refused before all of it is read
 * @returns the text that lies at `key`
 * @throws RangeError when it is longer; what the destination throws when it cannot be read
 */
export async function readText(
  destination: Destination,
  key: string,
  limitBytes: number
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const body = await destination.open(key);
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > limitBytes) throw new RangeError(`${key} is longer than ${limitBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
