/** @returns the texts and numbers in an answer that cannot be there by chance: names, sizes, digests, times. */
export function factsIn(value: unknown): Set<string> {
  const found = new Set<string>();
  const look = (each: unknown): void => {
    if (Array.isArray(each)) each.forEach(look);
    else if (typeof each === 'object' && each) Object.values(each).forEach(look);
    else if (typeof each === 'string' && each.length >= 6) found.add(each);
    else if (typeof each === 'number' && Math.abs(each) >= 1000) found.add(`${each}`);
  };
  look(value);
  return found;
}

/** @returns the facts that an answer contains, in any form. */
export const leaked = (facts: Iterable<string>, answer: string): string[] =>
  [...facts].filter(fact => answer.includes(fact) || answer.includes(JSON.stringify(fact)));
