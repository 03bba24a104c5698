/** The stream ended before what should have come. */
export class EndOfBytes extends Error {}

const NOTHING: Buffer = Buffer.alloc(0);

/** Reads a stream by numbers of bytes, in constant memory. */
export class ByteSource {
  /** Bytes that were read or skipped. */
  position = 0;
  private chunk: Buffer = NOTHING;
  private at = 0;
  private readonly chunks: AsyncIterator<Buffer>;

  constructor(source: AsyncIterable<Buffer>) {
    this.chunks = source[Symbol.asyncIterator]();
  }

  /** @returns exactly so many bytes, if they are here already; valid until the next call. */
  readNow(bytes: number): Buffer | undefined {
    if (this.chunk.length - this.at < bytes) return undefined;
    const part = this.chunk.subarray(this.at, this.at + bytes);
    this.at += bytes;
    this.position += bytes;
    return part;
  }

  /** @returns exactly so many bytes; valid until the next call. @throws EndOfBytes */
  async read(bytes: number): Promise<Buffer> {
    const now = this.readNow(bytes);
    if (now) return now;
    const parts: Buffer[] = [];
    for await (const part of this.take(bytes)) parts.push(part);
    return Buffer.concat(parts);
  }

  /** @throws EndOfBytes */
  async skip(bytes: number): Promise<void> {
    const here = Math.min(bytes, this.chunk.length - this.at);
    this.at += here;
    this.position += here;
    for (let left = bytes - here; left > 0; ) {
      if (!(await this.more())) throw new EndOfBytes();
      const part = Math.min(left, this.chunk.length);
      this.at = part;
      this.position += part;
      left -= part;
    }
  }

  /** Gives exactly so many bytes, in pieces. @throws EndOfBytes */
  async *take(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; ) {
      if (this.at === this.chunk.length && !(await this.more())) throw new EndOfBytes();
      const part = this.chunk.subarray(this.at, this.at + left);
      this.at += part.length;
      this.position += part.length;
      left -= part.length;
      yield part;
    }
  }

  /** Gives all that is left, in pieces. */
  async *rest(): AsyncGenerator<Buffer> {
    do {
      const part = this.chunk.subarray(this.at);
      this.at = this.chunk.length;
      this.position += part.length;
      if (part.length > 0) yield part;
    } while (await this.more());
  }

  /** Lets the stream go. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private async more(): Promise<boolean> {
    for (;;) {
      const { value, done } = await this.chunks.next();
      this.chunk = done ? NOTHING : value;
      this.at = 0;
      if (done || this.chunk.length > 0) return !done;
    }
  }
}
