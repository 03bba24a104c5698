import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';

/** What browsers do for all windows of one origin (Web Locks), as far as it is used here. */
function fakeLocks() {
  const held = new Set<string>();
  return {
    held,
    async request(name: string, _: object, callback: (lock: object | null) => unknown) {
      if (held.has(name)) return void callback(null);
      held.add(name);
      await callback({ name });
      held.delete(name);
    },
  };
}

/** @returns `takeSlot` of a window of its own. */
async function openWindow() {
  vi.resetModules();
  return (await import('./slots')).takeSlot;
}

const locksAre = (locks: unknown) => {
  Object.defineProperty(navigator, 'locks', { value: locks, configurable: true });
  onTestFinished(() => void Reflect.deleteProperty(navigator, 'locks'));
};

const several = async (takeSlot: () => Promise<(() => void) | undefined>, wanted: number) => {
  const slots = [];
  for (let i = 0; i < wanted; i += 1) slots.push(await takeSlot());
  return slots.filter(slot => slot !== undefined);
};

beforeEach(() => void vi.resetModules());

it('leaves two of six connections free, however many windows there are', async () => {
  const locks = fakeLocks();
  locksAre(locks);
  const first = await several(await openWindow(), 5);
  expect(first).toHaveLength(3);
  const second = await openWindow();
  expect(await several(second, 5)).toHaveLength(1);
  expect(await several(await openWindow(), 5)).toHaveLength(0);
  first[0]!();
  // A place counts once, however often it is given back.
  first[0]!();
  await vi.waitFor(() => expect(locks.held.size).toBe(3));
  expect(await several(second, 5)).toHaveLength(1);
});

it('leaves connections to another window where pages have no locks', async () => {
  const [one, other] = [await openWindow(), await openWindow()];
  expect([...(await several(one, 5)), ...(await several(other, 5))]).toHaveLength(4);
});

it('takes no place where the browser refuses the lock', async () => {
  locksAre({ request: () => Promise.reject(new Error('SecurityError')) });
  expect(await several(await openWindow(), 2)).toEqual([]);
});
