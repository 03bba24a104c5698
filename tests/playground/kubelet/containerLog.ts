import { EventEmitter, on } from 'node:events';
import type { Readable } from 'node:stream';
import type { LogOptions } from '../api/nodeAgent.ts';

interface Line {
  at: Date;
  /** With its newline, if it had one. */
  text: string;
}

const LINES = 2_000;
/** As containerd does, so that output without newlines does not grow without end. */
const LINE_BYTES = 16 * 1024;

/** What one instance of a container has written: its last lines, in memory. */
export class ContainerLog {
  readonly #lines: Line[] = [];
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #now: () => Date;
  #isEnded = false;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Takes lines from a stream until its end. */
  async take(stream: Readable): Promise<void> {
    let rest = '';
    stream.setEncoding('utf8');
    try {
      for await (const chunk of stream as AsyncIterable<string>) {
        const parts = (rest + chunk).split(/(?<=\n)/);
        rest = parts.at(-1)?.endsWith('\n') ? '' : parts.pop() ?? '';
        parts.forEach(text => this.#add(text));
        if (rest.length < LINE_BYTES) continue;
        this.#add(rest);
        rest = '';
      }
    } catch {
      // The container was killed.
    }
    if (rest) this.#add(rest);
  }

  end(): void {
    this.#isEnded = true;
    this.#events.emit('line');
  }

  async *read(options: LogOptions): AsyncGenerator<string> {
    const { tailLines, since, timestamps, follow, signal } = options;
    const shown = ({ at, text }: Line) => (timestamps ? `${at.toISOString()} ${text}` : text);
    const past = this.#lines.filter(({ at }) => since === undefined || at >= since);
    yield* past
      .slice(tailLines === undefined ? 0 : Math.max(0, past.length - tailLines))
      .map(shown);
    if (!follow || this.#isEnded) return;
    try {
      for await (const [line] of on(this.#events, 'line', { signal })) {
        if (line) yield shown(line);
        if (this.#isEnded) return;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #add(text: string): void {
    const line = { at: this.#now(), text };
    this.#lines.push(line);
    if (this.#lines.length > LINES) this.#lines.shift();
    this.#events.emit('line', line);
  }
}
