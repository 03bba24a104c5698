const FACTORS: Record<string, number> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** @returns a Kubernetes quantity such as `1.5Gi` as a number; 0 for none. */
export function quantity(text: string | undefined): number {
  const parts = /^(\d+(?:\.\d+)?)(.*)$/.exec(text ?? '');
  return Number(parts?.[1] ?? 0) * (FACTORS[parts?.[2] ?? ''] ?? 1);
}
