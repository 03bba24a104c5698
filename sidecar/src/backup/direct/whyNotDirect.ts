import type { Destination } from '../../destinations/destination.ts';

/** Facts that decide whether a helper pod sends its archive to the storage by itself. */
export interface DirectFacts {
  /** The destinations that the archive goes to now. */
  destinations: readonly Pick<Destination, 'id' | 'stageDirect'>[];
  /** Why it did not work a short while ago; undefined: it did, or was not tried. */
  doubt: string | undefined;
  /** NKVM_DIRECT_TRANSFERS. */
  isAllowed: boolean;
}

/** An archive takes another way. */
export interface NotDirect {
  /** Why, as the end of a sentence; undefined: none of its destinations takes such uploads, or they are turned off. */
  because: string | undefined;
}

/**
 * | the archive | |
 * | --- | --- |
 * | goes to destinations none of which takes direct uploads, or these are turned off | another way |
 * | goes to several destinations: it is read once | another way, with the reason |
 * | goes to one, and a direct upload there failed a short while ago | another way, with the reason |
 * | goes to one that takes direct uploads | direct |
 *
 * @returns undefined: direct
 */
export function whyNotDirect({
  destinations,
  doubt,
  isAllowed,
}: DirectFacts): NotDirect | undefined {
  if (!isAllowed || !destinations.some(({ stageDirect }) => stageDirect)) {
    return { because: undefined };
  }
  if (destinations.length > 1) return { because: 'it goes to several destinations' };
  return doubt === undefined ? undefined : { because: doubt };
}
