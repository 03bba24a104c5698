import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { hasProgram } from './program.ts';
import type { Listens, Server } from './server.ts';
import { startServer } from './server.ts';

export const RSYNC_USER = 'nkvm';
export const RSYNC_PASSWORD = 's3cret-of-rsync';
export const RSYNC_MODULE = 'backups';

/** Why tests with rsync cannot run here; undefined: they can. */
export const noRsync = hasProgram('rsync') ? undefined : 'there is no rsync (Debian: rsync)';

export interface RsyncdOptions extends Listens {
  isReadOnly?: boolean;
  /** More lines of the module's configuration. */
  more?: string[];
}

export interface Rsyncd extends Server {
  /** The directory of the module, on this machine. */
  files: string;
  /** The Secret of a destination there. @param directory in the module */
  secret(directory?: string): Record<string, string>;
}

const user = userInfo();

/** Starts Debian's rsync as a daemon, as the user of the tests. */
export async function startRsyncd({
  host,
  isReadOnly = false,
  more = [],
}: RsyncdOptions = {}): Promise<Rsyncd> {
  const server = await startServer({
    ...{ name: 'rsyncd', host },
    prepare(dir, port, address) {
      mkdirSync(join(dir, 'files'));
      writeFileSync(join(dir, 'secrets'), `${RSYNC_USER}:${RSYNC_PASSWORD}\n`, { mode: 0o600 });
      writeFileSync(
        join(dir, 'rsyncd.conf'),
        [
          ...[`port = ${port}`, `address = ${address}`, 'use chroot = no', 'max verbosity = 1'],
          ...(user.uid === 0 ? ['uid = root', 'gid = root'] : []),
          ...[`[${RSYNC_MODULE}]`, `path = ${join(dir, 'files')}`],
          ...[`read only = ${isReadOnly ? 'yes' : 'no'}`, `auth users = ${RSYNC_USER}`],
          ...[`secrets file = ${join(dir, 'secrets')}`, ...more, ''],
        ].join('\n')
      );
      return {
        command: 'rsync',
        args: [
          ...['--daemon', '--no-detach', `--config=${join(dir, 'rsyncd.conf')}`],
          '--log-file=/dev/stderr',
        ],
      };
    },
  });
  const secret = (directory = '.') => ({
    ...{ host: server.host, port: String(server.port), module: RSYNC_MODULE, directory },
    ...{ username: RSYNC_USER, password: RSYNC_PASSWORD },
  });
  return { ...server, files: join(server.dir, 'files'), secret };
}
