import { Box } from '@mui/material';
import { notDoneText } from '../setup/notDoneText';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import type { Changed } from './useChanges';

const MOST = 5;

/** What was not changed, and why: the API server refused it, or did not answer. */
export function NotChanged({ failed }: { failed: Changed['failed'] }) {
  const { t } = useText();
  if (failed.length === 0) return null;
  const nameOf = ({ target }: Changed['failed'][number]) =>
    target.namespace ? `${target.namespace}/${target.name}` : target.name;
  const count = failed.length;
  return (
    <Message severity="error" role="alert">
      {failed.every(({ why }) => why.kind === 'refused')
        ? t('The API server refused the change of {{count}} objects.', { count })
        : t('The change of {{count}} objects was not confirmed.', { count })}
      <Box component="ul" sx={{ m: 0, pl: 2.5 }}>
        {failed.slice(0, MOST).map(each => (
          <li key={`${each.target.cluster}/${nameOf(each)}`}>
            {nameOf(each)}
            {' – '}
            {notDoneText(each.why, t)}
          </li>
        ))}
      </Box>
      {count > MOST && t('{{count}} more are not shown.', { count: count - MOST })}
    </Message>
  );
}
