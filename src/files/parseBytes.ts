const POWERS: Record<string, number> = { k: 1, m: 2, g: 3, t: 4 };

/** @param text e.g. `10 MiB`, `1.5G`, `300`. @returns bytes, in binary units; undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d+(?:[.,]\d+)?)\s*([kmgt]?)i?b?$/i.exec(text.trim()) ?? [];
  if (!number) return undefined;
  const power = POWERS[unit.toLowerCase()] ?? 0;
  const bytes = Math.round(Number(number.replace(',', '.')) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
