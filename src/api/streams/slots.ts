/**
 * Browsers open six connections to a server over HTTP/1.1, for all of their windows together. A stream holds one of them
 * for as long as it lasts, so that there are few of them: a view that gets none asks from time to time.
 */
const MOST_OF_PAGE = 3;
const MOST_OF_ALL_PAGES = 4;
/** Where the browser gives pages no locks, i.e. without HTTPS, a page does not know of the others. */
const MOST_WITHOUT_LOCKS = 2;

let taken = 0;

/** @returns how to give the place back; undefined when there is none. A page that is closed gives its places back. */
export async function takeSlot(): Promise<(() => void) | undefined> {
  const locks = navigator.locks as LockManager | undefined;
  if (taken >= (locks ? MOST_OF_PAGE : MOST_WITHOUT_LOCKS)) return undefined;
  taken += 1;
  const unlock = locks ? await lockOneOfAll(locks) : () => undefined;
  if (!unlock) {
    taken -= 1;
    return undefined;
  }
  let isTaken = true;
  return () => {
    if (!isTaken) return;
    isTaken = false;
    taken -= 1;
    unlock();
  };
}

async function lockOneOfAll(locks: LockManager): Promise<(() => void) | undefined> {
  for (let place = 1; place <= MOST_OF_ALL_PAGES; place += 1) {
    const unlock = await lock(locks, `nkvm-stream-${place}`);
    if (unlock) return unlock;
  }
  return undefined;
}

const lock = (locks: LockManager, name: string): Promise<(() => void) | undefined> =>
  new Promise(found => {
    const hold = (held: Lock | null) =>
      held ? new Promise<void>(release => found(release)) : found(undefined);
    locks.request(name, { ifAvailable: true }, hold).catch(() => found(undefined));
  });
