/**
 * Puts bytes together in pieces of one size; only the last may be smaller. Small writes cost more than copying does.
 * @param bytes of a piece
 * @returns pieces, each of which is overwritten when the next is asked for: a buffer for each would cost time to collect
 */
export async function* inPieces(
  body: AsyncIterable<Buffer>,
  bytes: number
): AsyncGenerator<Buffer> {
  const held = Buffer.allocUnsafeSlow(bytes);
  let filled = 0;
  for await (const chunk of body) {
    let at = 0;
    while (at < chunk.length) {
      // A whole piece in one chunk needs no copy.
      if (filled === 0 && chunk.length - at >= bytes) {
        yield chunk.subarray(at, (at += bytes));
        continue;
      }
      const copied = chunk.copy(held, filled, at, at + bytes - filled);
      at += copied;
      filled += copied;
      if (filled < bytes) continue;
      yield held;
      filled = 0;
    }
  }
  if (filled > 0) yield held.subarray(0, filled);
}
