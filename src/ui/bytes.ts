const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** @returns e.g. `1.5 KiB (1,536 B)`. */
export function formatExactBytes(bytes: number, language?: string): string {
  const rounded = formatBytes(bytes, language);
  return bytes < 1024 ? rounded : `${rounded} (${bytes.toLocaleString(language)} B)`;
}

/** @returns e.g. `1.5 GiB`: binary units, as Kubernetes counts capacity. */
export function formatBytes(bytes: number, language?: string): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** power;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  return `${number} ${UNITS[power]}`;
}
