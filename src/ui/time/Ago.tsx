import { Tooltip } from '@mui/material';
import { useText } from '../text';
import { WHOLE_WORDS } from '../wholeWords';
import { nowMs } from './clock';
import { formatAgo } from './time';
import { useFormatDate } from './useFormatDate';
import { useNow } from './useNow';

const REFRESH_MS = 15_000;

/** How long ago `date` was, kept right; the date itself on hover and for screen readers. */
export function Ago({ date }: { date: string }) {
  const { language } = useText();
  const formatDate = useFormatDate('medium');
  // A date that is newer than the last tick is of now.
  const now = Math.max(useNow(REFRESH_MS), Math.min(nowMs(), Date.parse(date)));
  return (
    <Tooltip title={formatDate(date)} describeChild>
      <time dateTime={date} style={WHOLE_WORDS}>
        {formatAgo(now - Date.parse(date), language)}
      </time>
    </Tooltip>
  );
}
