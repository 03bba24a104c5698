/** Rights are promised to end within ten seconds: an answer may be a second old, and takes its time. */
export const LOOK_AGAIN_MS = 8_000;

/** How old a remembered answer on a right may be for such a look. */
export const LOOK_AGE_MS = 1_000;

/**
 * Something that a caller may do while they have a right, and that may take longer than an answer on it counts.
 *
 * @param need throws when the caller has the right no longer, and when the API server does not say
 * @returns what `act` returns. @throws what `need` threw, and then `signal` of `act` has ended; else what `act` throws
 */
export async function whileAllowed<T>(
  signal: AbortSignal,
  need: () => Promise<void>,
  act: (signal: AbortSignal) => Promise<T>,
  lookAgainMs = LOOK_AGAIN_MS
): Promise<T> {
  const ended = new AbortController();
  const look = setInterval(() => void need().catch(error => ended.abort(error)), lookAgainMs);
  try {
    return await act(AbortSignal.any([signal, ended.signal]));
  } catch (error) {
    throw ended.signal.aborted ? ended.signal.reason : error;
  } finally {
    clearInterval(look);
  }
}
