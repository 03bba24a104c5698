import { Input } from './input.ts';

/** The lines of a file, as bytes (`latin1`), in constant memory. */
export class Lines implements Iterable<string> {
  readonly #input: Input;
  readonly #end: string;

  constructor(fd: number, end: string) {
    this.#input = new Input(fd);
    this.#end = end;
  }

  *[Symbol.iterator](): Generator<string> {
    let rest = '';
    for (let piece = this.#input.some(65_536); piece.length > 0; piece = this.#input.some(65_536)) {
      const lines = (rest + piece.toString('latin1')).split(this.#end);
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  }
}
