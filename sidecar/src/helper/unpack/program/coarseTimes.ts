import type { Facts } from './records.ts';

type Time = Pick<Facts, 'seconds' | 'nanoseconds'>;

/** Precisions of file systems in nanoseconds: NTFS and SMB, some NFS, exFAT, ext3, FAT. */
const PRECISIONS = [100, 1_000, 1_000_000, 10_000_000, 1_000_000_000, 2_000_000_000];
const MOST_NAMES = 20;

/**
 * Tells times that a file system cannot keep from times that were not restored: it keeps no time more precisely than
 * another, so every time that differs is the archive's, cut off, and no time in the volume is finer.
 */
export class CoarseTimes {
  #possible: number[] = PRECISIONS;
  readonly #names: string[] = [];
  readonly #sentences: string[] = [];
  #count = 0;

  add(name: string, is: Time, was: Time): void {
    if (this.#possible.length > 0) {
      this.#possible = this.#possible.filter(precision => {
        const cut = cutOff(was, precision);
        return cut.seconds === is.seconds && cut.nanoseconds === is.nanoseconds;
      });
    }
    if (is.seconds === was.seconds && is.nanoseconds === was.nanoseconds) return;
    this.#count++;
    if (this.#names.length >= MOST_NAMES) return;
    this.#names.push(name);
    this.#sentences.push(`${name} is of ${textOf(is)}, in the archive of ${textOf(was)}`);
  }

  verdict(): { isCoarse: boolean; count: number; names: string[]; sentences: string[] } {
    return {
      isCoarse: this.#possible.length > 0,
      count: this.#count,
      names: this.#names,
      sentences: this.#sentences,
    };
  }
}

function cutOff({ seconds, nanoseconds }: Time, precision: number): Time {
  if (precision < 1e9) return { seconds, nanoseconds: nanoseconds - (nanoseconds % precision) };
  const step = precision / 1e9;
  return { seconds: Math.floor(seconds / step) * step, nanoseconds: 0 };
}

function textOf({ seconds, nanoseconds }: Time): string {
  const date = new Date(seconds * 1000);
  const day = Number.isNaN(date.getTime()) ? `${seconds} s` : date.toISOString().slice(0, 19);
  return `${day}.${`${nanoseconds}`.padStart(9, '0')}`;
}
