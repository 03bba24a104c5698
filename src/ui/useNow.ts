import { useEffect, useState } from 'react';

/** The time in ms since 1970, kept right. @param refreshMs how often. */
export function useNow(refreshMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), refreshMs);
    return () => clearInterval(timer);
  }, [refreshMs]);
  return now;
}
