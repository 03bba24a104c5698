/** @param date ISO-8601 in UTC, e.g. `2026-11-28T02:53:32.579Z`. @returns it for people, e.g. `2026-11-28 02:53 UTC` */
export const timeText = (date: string): string => `${date.slice(0, 16).replace('T', ' ')} UTC`;
