import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** Files that take minutes. They start first, so that no core is idle at the end while the last of them runs. */
const LONGEST = [
  'tests/browser/backups.test.ts',
  'tests/browser/destinations.test.ts',
  'tests/browser/restores.test.ts',
  'tests/browser/volumes.test.ts',
  'tests/browser/policy.test.ts',
  'tests/browser/administrators.test.ts',
  'tests/product/restore-scale.test.ts',
  'tests/product/restoreKilled.test.ts',
  'tests/destinations/rsync.test.ts',
  'tests/model/model.test.ts',
  'tests/product/increments.test.ts',
  'tests/demo/demo.test.ts',
  'tests/product/clusters.test.ts',
  'tests/servers/openapi.test.ts',
];

/** Vitest's own order knows how long files took only where they have run before. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex(file => moduleId.endsWith(file));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
