import type { Destination } from '../destination.ts';

/** Shows that a file is there and can be decrypted, without reading it. @throws what the destination says, e.g. `ArchiveLocked` */
export async function readFirstByte(
  destination: Pick<Destination, 'open'>,
  key: string,
  signal: AbortSignal
): Promise<void> {
  (await destination.open(key, { range: { start: 0, end: 0 }, signal })).destroy();
}
