/** The last part of a Kubernetes name that says what the claim is. */
const SUFFIX = '-restored';
/** A claim's name may have 253 characters; pods and labels that take it over have 63 only. */
const LONGEST = 63;

/**
 * @param name of the claim that was backed up; empty where it is not known.
 * @param taken names of claims in the namespace.
 * @returns a name for a new claim that none of `taken` is.
 */
export function proposedName(name: string, taken: readonly string[]): string {
  const base = (name || 'volume').replace(/-restored(-\d+)?$/, '');
  for (let count = 1; ; count += 1) {
    const suffix = count === 1 ? SUFFIX : `${SUFFIX}-${count}`;
    const start = base.slice(0, LONGEST - suffix.length).replace(/[-.]+$/, '');
    const proposed = start + suffix;
    if (!taken.includes(proposed)) return proposed;
  }
}

/** As the contract's `NamespaceName` (RFC 1123 label). */
export const isNamespaceName = (text: string): boolean =>
  text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text);

/** As the contract's `ClaimName` (RFC 1123 subdomain). */
export const isClaimName = (text: string): boolean =>
  text.length <= 253 &&
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);

/** A Kubernetes quantity as the contract accepts it, e.g. `10Gi`. */
export const isQuantity = (text: string): boolean =>
  text.length <= 30 && /^\d+(\.\d+)?(Ei|Pi|Ti|Gi|Mi|Ki|E|P|T|G|M|k)?$/.test(text);
