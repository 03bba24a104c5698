import type { AppendOnly } from '../../api/index.ts';
import type { CheckResults } from '../destinations/places/checkResults.ts';

/** Results of checks that end with the process. */
export function memoryResults(): CheckResults {
  const results = new Map<string, { location: string; result: AppendOnly }>();
  return {
    get(name, location) {
      const found = results.get(name);
      return found?.location === location ? found.result : null;
    },
    async set(name, location, result) {
      results.set(name, { location, result });
    },
  };
}
