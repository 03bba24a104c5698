/** Names an error for whoever reads the stream. */
export type Named = (error: unknown) => unknown;

/** Does the work of a Transform: what it throws ends the stream. */
export function guarded(done: (error?: Error) => void, named: Named, work: () => void): void {
  try {
    work();
  } catch (error) {
    done(named(error) as Error);
    return;
  }
  done();
}
