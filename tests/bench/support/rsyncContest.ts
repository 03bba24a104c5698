import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  noRsync,
  RSYNC_MODULE,
  RSYNC_PASSWORD,
  RSYNC_USER,
  startRsyncd,
} from '../../servers/rsyncd.ts';
import type { Contest } from './contest.ts';

/** A daemon, against rsync's own client. @returns why it cannot be held, or the contest. */
export async function rsyncContest(): Promise<Contest | string> {
  if (noRsync) return noRsync;
  const server = await startRsyncd();
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-bench-rsync-'));
  const url = (key: string) =>
    `rsync://${RSYNC_USER}@127.0.0.1:${server.port}/${RSYNC_MODULE}/${key}`;
  const rsync = (...args: string[]) => ({
    command: 'rsync',
    args: ['--whole-file', ...args],
    env: { RSYNC_PASSWORD },
  });
  const store = (file: string, key: string) => rsync('--fsync', file, url(key));
  return {
    settings: server.secret(),
    native: 'rsync',
    store,
    proof: 'rsync --checksum',
    storeAndProve: (file, key) => [
      store(file, key),
      rsync('--checksum', '--dry-run', '--out-format=%i %n', file, url(key)),
    ],
    read: key => rsync('--ignore-times', url(key), join(dir, 'archive')),
    readAndHash: key => ({
      command: 'sh',
      args: [
        ...['-c', 'rsync --whole-file --ignore-times "$1" "$2" && openssl dgst -sha256 "$2"'],
        ...['sh', url(key), join(dir, 'archive')],
      ],
      env: { RSYNC_PASSWORD },
    }),
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
