import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';

/** A database that no other process of this machine opens meanwhile. */
export interface HeldDatabase {
  release(): Promise<void>;
}

/**
 * Keeps a second process of this machine from a database: each would overwrite runs of the other. Pods have a Lease for that,
 * see oneWriter.ts.
 *
 * The lock is an abstract socket (unix(7)), which the kernel frees with the process, also after SIGKILL. Only Linux has
 * them; elsewhere nothing is held.
 * @param path of the database; its directory must exist.
 * @throws Error of one line when another process holds it.
 */
export async function holdDatabase(path: string): Promise<HeldDatabase> {
  if (process.platform !== 'linux') return { release: async () => undefined };
  const place = join(await realpath(dirname(path)), basename(path));
  const name = createHash('sha256').update(place).digest('hex').slice(0, 32);
  const server = createServer(connection => connection.destroy());
  server.listen({ path: `\0nkvm-${name}` });
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Error(
      `another NKVM process on this machine uses the history ${path}; stop it, or set NKVM_METADATA_DB_PATH to another path`,
      { cause: error }
    );
  }
  server.unref();
  return {
    async release() {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
