/**
 * @param day e.g. `2026-11-20`
 * @param timeZone of the dates that are shown; undefined: that of the browser
 * @param plus days later
 * @returns the first moment of a day; of one that there is not, as of the days after it
 */
export function startOfDay(day: string, timeZone?: string, plus = 0): Date {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  if (!timeZone) return new Date(year, month - 1, date + plus);
  const asUtc = Date.UTC(year, month - 1, date + plus);
  // The first guess may be on the other side of a change of the clocks.
  const guess = asUtc - aheadMs(asUtc, timeZone);
  return new Date(asUtc - aheadMs(guess, timeZone));
}

/** By how much the clocks of a time zone are ahead of UTC. */
function aheadMs(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find(part => part.type === type)?.value);
  const shown = Date.UTC(
    ...([of('year'), of('month') - 1, of('day')] as const),
    ...([of('hour'), of('minute'), of('second')] as const)
  );
  return shown - Math.floor(at / 1_000) * 1_000;
}
