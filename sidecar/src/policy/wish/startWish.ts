/** The meaning of the annotation `nkvm.io/start`. */
export type StartWish =
  | { kind: 'usual' | 'newest' | 'empty' }
  | { kind: 'backup'; id: string }
  | { kind: 'invalid'; value: string };

/** Ids of runs, see `runIds`. A typing mistake such as `emtpy`, or a date, is not one. */
export const RUN_ID = /^[0-9a-hjkmnp-tv-z]{26}$/;

/** @param text the annotation; undefined: it is not there. Spaces around it do not count. */
export function startWishOf(text: string | undefined): StartWish {
  const value = text?.trim();
  switch (value) {
    case undefined:
      return { kind: 'usual' };
    case 'empty':
    case 'newest':
      return { kind: value };
  }
  return RUN_ID.test(value)
    ? { kind: 'backup', id: value }
    : { kind: 'invalid', value: value.slice(0, 60) };
}
