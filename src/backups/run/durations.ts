/** @returns how long something took in ms; undefined while it goes on, or where the clock was set back. */
export function durationMs({
  startedAt,
  endedAt,
}: {
  startedAt: string | null;
  endedAt: string | null;
}): number | undefined {
  if (!startedAt || !endedAt) return undefined;
  const ms = Date.parse(endedAt) - Date.parse(startedAt);
  return ms >= 0 ? ms : undefined;
}
