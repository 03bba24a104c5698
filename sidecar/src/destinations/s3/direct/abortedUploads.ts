/**
 * How long after its abort an upload can still get a part: requests are signed for ten minutes (sign.ts), and one that has begun may
 * be slow.
 */
const LATE_MS = 900_000;

/**
 * Uploads that were aborted while their parts were on the way. A part that the server takes afterwards stays, unlisted and paid for,
 * until the upload is aborted again: https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html.
 */
export interface AbortedUploads {
  /** @param abort is called before each upload of the next quarter of an hour, and at its end. A failure does not matter. */
  add(abort: () => Promise<void>): void;
  /** Aborts all of them again. Never rejects. */
  again(): Promise<void>;
  /** Forgets them. */
  close(): void;
}

export function abortedUploads(): AbortedUploads {
  const late = new Map<() => Promise<void>, NodeJS.Timeout>();
  const quietly = (abort: () => Promise<void>) => abort().catch(() => undefined);
  return {
    add(abort) {
      const last = setTimeout(() => {
        late.delete(abort);
        void quietly(abort);
      }, LATE_MS);
      late.set(abort, last.unref());
    },
    async again() {
      await Promise.all([...late.keys()].map(quietly));
    },
    close() {
      late.forEach(timer => clearTimeout(timer));
      late.clear();
    },
  };
}
