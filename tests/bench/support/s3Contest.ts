import { join } from 'node:path';
import { startVersitygw, versitygwMissing } from '../../servers/versitygw.ts';
import type { Command, Contest } from './contest.ts';

/** @returns why it cannot be held, or the contest. */
export async function s3Contest(): Promise<Contest | string> {
  if (versitygwMissing) return versitygwMissing;
  const server = await startVersitygw();
  const settings = server.settings(await server.makeBucket());
  const client = (...args: string[]): Command => ({
    command: process.execPath,
    args: [join(import.meta.dirname, 'multipart.ts'), ...args],
    env: { SETTINGS: JSON.stringify(settings) },
    reports: true,
  });
  return {
    settings,
    native: 'a multipart client',
    store: (file, key) => client('store', key, file),
    proof: 'SHA-256 of each part',
    storeAndProve: (file, key) => [client('store-and-prove', key, file)],
    read: key => client('read', key),
    readAndHash: key => client('read-and-hash', key),
    stop: () => server.stop(),
  };
}
