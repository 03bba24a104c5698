const TRIES = 20;

/**
 * Opens a port, or one of the next ones where it is taken.
 * @throws Error of one line when all of them are taken, or it may not be used.
 */
export async function onFreePort<T>(first: number, open: (port: number) => Promise<T>): Promise<T> {
  const last = Math.min(first + TRIES, 65535);
  for (let port = first; port <= last; port += 1) {
    try {
      return await open(port);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES') {
        throw new Error(`port ${port} may not be used: name another one with --port`);
      }
      if (code !== 'EADDRINUSE') throw error;
    }
  }
  throw new Error(`the ports ${first} to ${last} are taken: name another one with --port`);
}
