import { useEffect, useState } from 'react';
import { nowMs, onClockJump } from './clock';

/** The time in ms since 1970, by the clock of NKVM, kept right. @param refreshMs how often. */
export function useNow(refreshMs: number): number {
  const [now, setNow] = useState(nowMs);
  useEffect(() => {
    const tick = () => setNow(nowMs());
    const timer = setInterval(tick, refreshMs);
    const ignoreJumps = onClockJump(tick);
    return () => {
      clearInterval(timer);
      ignoreJumps();
    };
  }, [refreshMs]);
  return now;
}
