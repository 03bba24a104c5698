import { Utils } from '@kinvolk/headlamp-plugin/lib';
import { Tooltip } from '@mui/material';
import { useEffect, useState } from 'react';
import { useText } from './text';
import { formatAgo } from './time';

const REFRESH_MS = 15_000;

/** How long ago `date` was, kept right; the date itself on hover and for screen readers. */
export function Ago({ date }: { date: string }) {
  const { language } = useText();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), REFRESH_MS);
    return () => clearInterval(timer);
  }, [date]);
  return (
    <Tooltip title={Utils.localeDate(date)} describeChild>
      <time dateTime={date}>{formatAgo(now - Date.parse(date), language)}</time>
    </Tooltip>
  );
}
