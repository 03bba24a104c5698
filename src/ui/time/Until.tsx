import { Tooltip } from '@mui/material';
import { useText } from '../text';
import { formatIn } from './time';
import { useFormatDate } from './useFormatDate';
import { useNow } from './useNow';

const REFRESH_MS = 15_000;

/** In how much time `date` is, kept right; the date itself on hover and for screen readers. */
export function Until({ date }: { date: string }) {
  const { language } = useText();
  const formatDate = useFormatDate();
  const now = useNow(REFRESH_MS);
  return (
    <Tooltip title={formatDate(date)} describeChild>
      <time dateTime={date}>{formatIn(Date.parse(date) - now, language)}</time>
    </Tooltip>
  );
}
