import { StageError } from '../../errors.ts';

/** Longest file name that the usual file systems take, in bytes. */
const MAX_KEY_BYTES = 255;

/**
 * A key is one flat, visible file name on every kind of storage.
 * @throws StageError (stage `copy`, reason `BadKey`) that says what is wrong with it.
 */
export function checkKey(key: string): void {
  const fault = faultOfKey(key);
  if (!fault) return;
  throw new StageError(
    'copy',
    'BadKey',
    `archive name ${JSON.stringify(key.slice(0, MAX_KEY_BYTES))} ${fault}`,
    `use a file name without slashes, of at most ${MAX_KEY_BYTES} bytes`,
    'needs-action'
  );
}

/** @returns what is wrong with a key; undefined: nothing. */
export function faultOfKey(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (key.startsWith('.')) return 'begins with a dot';
  if (/[/\\]/.test(key)) return 'holds a slash';
  if (/\p{Cc}/u.test(key)) return 'holds a control character';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `is longer than ${MAX_KEY_BYTES} bytes`;
  return undefined;
}
