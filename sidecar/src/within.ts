/**
 * @param giveBack gets what `promise` gives when no request waits for it any more.
 * @returns what `promise` gives. @throws the signal's reason, as soon as it is aborted; the call itself may go on.
 */
export async function within<T>(
  signal: AbortSignal,
  promise: Promise<T>,
  giveBack: (late: T) => unknown = () => undefined
): Promise<T> {
  let giveUp = (): void => undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        giveUp = () => reject(signal.reason);
        if (signal.aborted) giveUp();
        else signal.addEventListener('abort', giveUp, { once: true });
      }),
    ]);
  } catch (error) {
    promise.then(giveBack).catch(() => undefined); // the call that nobody waits for may fail
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
