/** How much of tar's output a run keeps; all of it is in the manifest. */
const TAR_LINES = 5;
const TAR_BYTES = 1024;

/** Bytes of any other text that has no length of its own. */
const MESSAGE_BYTES = 1024;
const HINT_BYTES = 512;
const LAST_WORDS_BYTES = 2048;
const WARNINGS = 8;
const WARNING_BYTES = 256;
const PROBLEM_BYTES = 512;
const PROBLEM_HINT_BYTES = 256;

/** The texts of a run whose length depends on what happened. */
interface Texts {
  message: string;
  hint: string | null;
  warnings: string[];
  tarMessages: string[];
  helper: { lastWords?: string | undefined } | null;
  copies: { problem: { message: string; hint: string } | null }[];
}

/**
 * Cuts the texts of a run, so that a history of many runs stays small: all of it is in memory. A run takes about 1.5 KiB,
 * and never more than some 9 KiB, and 1 KiB for
 * each copy that has failed.
 */
export function withinBudget<T extends Texts>(run: T): T {
  const { message, hint, warnings, tarMessages, helper, copies } = run;
  const lastWords = helper?.lastWords;
  return {
    ...run,
    message: cut(message, MESSAGE_BYTES),
    hint: hint && cut(hint, HINT_BYTES),
    warnings: warningsWithin(warnings),
    tarMessages: tarMessagesWithin(tarMessages),
    copies: copies.map(copy => ({
      ...copy,
      problem: copy.problem && {
        ...copy.problem,
        message: cut(copy.problem.message, PROBLEM_BYTES),
        hint: cut(copy.problem.hint, PROBLEM_HINT_BYTES),
      },
    })),
    helper:
      lastWords === undefined ? helper : { ...helper, lastWords: cut(lastWords, LAST_WORDS_BYTES) },
  };
}

/** @returns the first warnings; where there are more, the last line says how many. It is the same when it is cut again. */
function warningsWithin(warnings: readonly string[]): string[] {
  if (warnings.length <= WARNINGS) return warnings.map(each => cut(each, WARNING_BYTES));
  const kept = warnings.slice(0, WARNINGS - 1).map(each => cut(each, WARNING_BYTES));
  return [
    ...kept,
    `and ${warnings.length - kept.length} more warnings, which the history does not keep`,
  ];
}

/** @returns the first lines of tar that a run keeps. */
export function tarMessagesWithin(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let left = TAR_BYTES;
  for (const line of lines.slice(0, TAR_LINES)) {
    const text = cut(line, left);
    left -= Buffer.byteLength(text);
    if (text !== '') kept.push(text);
  }
  return kept;
}

/** @returns the beginning of a text, in whole characters, with `…` where it was cut. */
export function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  if (bytes < Buffer.byteLength(ELLIPSIS)) return '';
  const kept = Buffer.from(text).subarray(0, bytes - Buffer.byteLength(ELLIPSIS));
  // A character that was cut in two is decoded as U+FFFD.
  return kept.toString().replace(/\uFFFD+$/, '') + ELLIPSIS;
}

const ELLIPSIS = '…';
