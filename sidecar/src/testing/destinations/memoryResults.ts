import type { CheckResults } from '../../destinations/places/checkResults.ts';
import { checkResultsIn } from '../../destinations/places/checkResults.ts';
import { recordsInMemory } from '../../history/durability/recordFile.ts';

/** Results of checks that end with the process. */
export const memoryResults = (): CheckResults => checkResultsIn(recordsInMemory());
