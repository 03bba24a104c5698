import { Stack, Typography } from '@mui/material';
import type { Destination } from '../../../sidecar/api';
import { kindName, stateSentence } from '../../destinations/destinationText';
import { StateBadge } from '../../destinations/Marks';
import { sentence } from '../../ui/sentence';
import { useText } from '../../ui/text';
import { useFormatDate } from '../../ui/time/useFormatDate';

/** A destination that can be chosen, with its state where that is not a good one. */
export function DestinationTitle({ destination }: { destination: Destination }) {
  const { t } = useText();
  const { name, kind, state } = destination;
  const isGood = state === 'ready' || state === 'unknown';
  return (
    <Stack component="span" direction="row" flexWrap="wrap" alignItems="center" gap={1}>
      <span>{name}</span>
      <Typography component="span" variant="body2" color="text.secondary">
        {kindName(kind, t)}
      </Typography>
      {!isGood && <StateBadge state={state} />}
    </Stack>
  );
}

/** @returns how to say what is the matter with a destination that does not work; undefined for the others. */
export function useDestinationNote(): (destination: Destination) => string | undefined {
  const { t } = useText();
  const date = useFormatDate();
  return destination => {
    const { state, problem } = destination;
    if (state === 'ready' || state === 'unknown') return undefined;
    const says = stateSentence(destination, t, date);
    return problem ? `${says} ${sentence(problem.message)}.` : says;
  };
}
