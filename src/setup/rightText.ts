import type { MissingRight } from '../api/sidecar';
import { type Translate } from '../ui/text';

/** Names a right that the user lacks, in one sentence. */
export const rightText = (right: MissingRight, t: Translate): string =>
  t(
    'You lack the right to {{verb}} {{resource}}/{{subresource}} of {{name}} in namespace {{namespace}}.',
    {
      ...right,
    }
  );
