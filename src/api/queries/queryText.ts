/** @returns `?a=1&b=2` of the parameters that have a value, or nothing. */
export function queryText(parameters: Record<string, string | number | undefined>): string {
  const set = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]]
  );
  return set.length > 0 ? `?${new URLSearchParams(set)}` : '';
}
