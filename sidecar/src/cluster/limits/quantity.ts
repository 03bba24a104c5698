/** Sign, digits with a point somewhere, then an exponent, a binary or a decimal suffix: the grammar of a Quantity. */
const GRAMMAR = /^\+?(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,2})|([KMGTPE])i|([numkMGTPE]))?$/;

const BINARY_POWER = { K: 1n, M: 2n, G: 3n, T: 4n, P: 5n, E: 6n } as const;
const DECIMAL_EXPONENT = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 } as const;

/**
 * Reads a Kubernetes Quantity of storage, e.g. `1.5Gi`, `2e9` or `500M`.
 *
 * Our own, because `quantityToScalar` of the client throws at fractions with a suffix (`1.5Gi`), which the API server
 * accepts and gives back.
 *
 * @returns bytes, exact up to 2^53 and rounded up like Quantity.Value(); null where there is none, or no quantity.
 */
export const bytesOf = (quantity: string | undefined): number | null => scaledOf(quantity, 0);

/**
 * Reads a Quantity of anything, CPU above all, e.g. `50m`, `0.5` or `2`.
 * @returns thousandths, exact up to 2^53 and rounded up; null where there is none, or no quantity.
 */
export const milliOf = (quantity: string | undefined): number | null => scaledOf(quantity, 3);

/** @returns the quantity times ten to the power of `power`. */
function scaledOf(quantity: string | undefined, power: number): number | null {
  const parts = GRAMMAR.exec(quantity ?? '');
  if (!parts) return null;
  const [, number = '', exponent, binary, decimal] = parts;
  const [whole = '', fraction = ''] = number.split('.');

  const factor = binary ? 1024n ** BINARY_POWER[binary as keyof typeof BINARY_POWER] : 1n;
  const decimals = decimal ? DECIMAL_EXPONENT[decimal as keyof typeof DECIMAL_EXPONENT] : 0;
  const shift = Number(exponent ?? 0) + decimals - fraction.length + power;

  const scaled = BigInt(whole + fraction) * factor * 10n ** BigInt(Math.max(0, shift));
  const divisor = 10n ** BigInt(Math.max(0, -shift));
  return Number((scaled + divisor - 1n) / divisor);
}
