/** Facts that decide whether a helper pod reads the archive of a restore at the storage by itself. */
export interface DirectFacts {
  /** NKVM_DIRECT_TRANSFERS. */
  isAllowed: boolean;
  /** The destination can let a helper read. */
  isPossible: boolean;
  /** All of the archive is restored. */
  isWhole: boolean;
  /** Manifest or history say what its digest is. */
  isKnown: boolean;
  /** All archives of a chain are packed, or none is. */
  isOneForm: boolean;
  /** Why it did not work a short while ago; undefined: it did, or was not tried. */
  doubt: string | undefined;
}

/** The archive takes another way. */
export interface NotDirect {
  /** Why, as the end of a sentence; undefined: its destination lets no helper read, or that is turned off. */
  because: string | undefined;
}

/**
 * | the archive | |
 * | --- | --- |
 * | is at a destination that lets no helper read, or that is turned off | another way |
 * | is restored in part: its index says which bytes are read | another way, with the reason |
 * | has a digest that nothing says | another way: NKVM unpacks it to see whether it is complete |
 * | is an increment whose archives are stored in several forms | another way, with the reason |
 * | could not be read by a helper pod of that namespace a short while ago | another way, with the reason |
 * | any other | direct |
 *
 * @returns undefined: direct
 */
export function whyNotDirect(facts: DirectFacts): NotDirect | undefined {
  if (!facts.isAllowed || !facts.isPossible) return { because: undefined };
  if (!facts.isWhole) return { because: 'only a part of the archive is restored' };
  if (!facts.isKnown) return { because: 'the expected digest of the archive is not known' };
  if (!facts.isOneForm) return { because: 'the archives of its chain are stored in several forms' };
  return facts.doubt === undefined ? undefined : { because: facts.doubt };
}
