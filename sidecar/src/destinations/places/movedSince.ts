import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import type { Destination } from '../destination.ts';
import type { Places } from '../places.ts';

/**
 * @param destination that was opened for `name` a while ago
 * @returns the problem that `name` leads to another storage by now: what is known of the former one would be taken for it.
 *   Undefined also where the destination is not configured any more, or its settings are wrong.
 */
export function movedSince(
  name: string,
  { location }: Pick<Destination, 'location'>,
  places: Pick<Places, 'get'>,
  stage: Stage
): StageError | undefined {
  const now = places.get(name);
  if (!now?.location || now.location === location) return undefined;
  return new StageError(
    stage,
    'DestinationReplaced',
    `destination ${name} leads to another storage now than when the run began, because its Secret was changed`,
    'nothing to do: NKVM tries again with the present settings',
    'transient'
  );
}
