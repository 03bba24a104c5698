import { Box } from '@mui/material';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';
import type { Changed } from './useChanges';

const MOST = 5;

/** What the API server did not accept, in its own words. */
export function Refused({ refused }: { refused: Changed['refused'] }) {
  const { t } = useText();
  if (refused.length === 0) return null;
  const nameOf = ({ target }: Changed['refused'][number]) =>
    target.namespace ? `${target.namespace}/${target.name}` : target.name;
  return (
    <Message severity="error" role="alert">
      {t('The API server refused the change of {{count}} objects.', { count: refused.length })}
      <Box component="ul" sx={{ m: 0, pl: 2.5 }}>
        {refused.slice(0, MOST).map(each => (
          <li key={`${each.target.cluster}/${nameOf(each)}`}>
            {nameOf(each)}
            {' – '}
            {sentence(each.message)}
          </li>
        ))}
      </Box>
      {refused.length > MOST &&
        t('{{count}} more are not shown.', { count: refused.length - MOST })}
    </Message>
  );
}
