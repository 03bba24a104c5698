const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * @param failures how many there were in a row, from 1.
 * @param random a number from 0 to 1; it keeps a dozen watches from coming back in the same instant.
 * @returns how long to wait: it doubles up to 30 s, and half of it is left to chance.
 */
export function backoffMs(failures: number, random: () => number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(longest * (0.5 + random() / 2));
}
