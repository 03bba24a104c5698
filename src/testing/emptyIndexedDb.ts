type Event = { target: { result: unknown } };

/** A request that ends with `result`, after its caller has set `onsuccess`. */
function resulting(result: unknown) {
  const request: { onsuccess?: (event: Event) => void } = {};
  queueMicrotask(() => request.onsuccess?.({ target: { result } }));
  return request;
}

/**
 * A database without rows. Headlamp looks for a kubeconfig of the cluster there before each request, and jsdom has no
 * IndexedDB.
 */
export const emptyIndexedDb = {
  open: () =>
    resulting({
      transaction: () => ({ objectStore: () => ({ openCursor: () => resulting(null) }) }),
    }),
};
