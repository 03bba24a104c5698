import { StageError } from '../../errors.ts';

/** Keys of a Secret whose values nobody may see. */
const SECRET_KEY = /pass|secret|private|token|identity|accessKey|customerKey/i;

/** A shorter text would be found everywhere. */
const SHORTEST = 4;

/** A line of a private key is as secret as the whole. */
const SHORTEST_LINE = 16;

/** @returns the texts in the data of a Secret that must not be shown anywhere, longest first. */
export function secretTexts(data: Readonly<Record<string, string | null>>): string[] {
  const found = Object.entries(data).flatMap(([key, value]) => {
    if (value === null) return [];
    const inUrl = [...value.matchAll(/:\/\/[^/\s]*?:([^@\s]+)@/g)].map(([, text = '']) => text);
    if (!SECRET_KEY.test(key)) return inUrl;
    const lines = value.split(/\r?\n/);
    const own = lines.length === 1 ? lines : lines.filter(line => line.length >= SHORTEST_LINE);
    return [value.trim(), ...own, ...inUrl];
  });
  return [...new Set(found)]
    .filter(text => text.length >= SHORTEST && !text.startsWith('-----'))
    .sort((a, b) => b.length - a.length);
}

/** @returns how a text can be written: as it is, in JSON, and in a URL. */
function formsOf(secret: string): string[] {
  const inUrl = encodeURIComponent(Buffer.from(secret).toString());
  return [secret, JSON.stringify(secret).slice(1, -1), inUrl];
}

/** @returns the text without them, however they are written. */
export function scrubbed(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    for (const form of formsOf(secret)) clean = clean.replaceAll(form, '***');
  }
  return clean;
}

/**
 * The last line of defence: libraries put into their errors whatever a server answers.
 * @returns the error, or one without these texts; its cause then goes, because it has them as well
 */
export function scrubbedError(error: unknown, secrets: readonly string[]): unknown {
  if (!(error instanceof Error)) return error;
  const isClean = (text: string) => scrubbed(text, secrets) === text;
  if (error instanceof StageError) {
    const { stage, reason, message, hint } = error;
    if (isClean(message) && isClean(hint) && isCleanCause(error.cause, isClean)) return error;
    return new StageError(
      stage,
      reason,
      scrubbed(message, secrets),
      scrubbed(hint, secrets),
      error.class
    );
  }
  return isClean(error.message) && isCleanCause(error.cause, isClean)
    ? error
    : new Error(scrubbed(error.message, secrets));
}

function isCleanCause(cause: unknown, isClean: (text: string) => boolean): boolean {
  for (let at = cause, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth += 1) {
    if (!isClean(at.message) || !isClean(at.stack ?? '')) return false;
  }
  return true;
}
