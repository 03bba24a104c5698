import { describe, expect, it } from 'vitest';
import type { ScheduleSource } from './parseSchedule.ts';
import { parseSchedule } from './parseSchedule.ts';

const source: ScheduleSource = {
  key: { clusterUid: 'a', namespace: 'shop', name: 'data' },
  purpose: 'backup',
  timeZone: 'UTC',
  setOn: 'claim',
  setBy: 'annotation',
};

describe('a schedule', () => {
  it.each<[string, string, string, string | null]>([
    ['30 2 * * *', '30 2 * * *', 'UTC', null],
    ['  30   2 * * mon-fri ', '30 2 * * mon-fri', 'UTC', null],
    ['*/15 8-18 1,15 jan *', '*/15 8-18 1,15 jan *', 'UTC', null],
    ['TZ=Europe/Berlin 30 2 * * *', '30 2 * * *', 'Europe/Berlin', null],
    ['CRON_TZ=America/New_York 0 3 * * 7', '0 3 * * 7', 'America/New_York', null],
    ['0 0 29 2 *', '0 0 29 2 *', 'UTC', null],
    ['@yearly', '0 0 1 1 *', 'UTC', null],
  ])('%s', (text, cron, timeZone, preset) =>
    expect(parseSchedule(text, source)).toMatchObject({ text, cron, timeZone, preset })
  );

  it.each(['daily', '@daily'])('%s has a time of its own, in a time zone if one is named', text => {
    const found = parseSchedule(`TZ=Asia/Tokyo ${text}`, source);
    expect(found).toMatchObject({ preset: 'daily', timeZone: 'Asia/Tokyo' });
    expect('cron' in found && found.cron).toMatch(/^\d+ \d+ \* \* \*$/);
  });
});

describe('what is not a schedule says why', () => {
  it.each<[string, RegExp]>([
    ['', /this has 0$/],
    ['30 2 * *', /five fields .* this has 4$/],
    ['0 30 2 * * *', /this has 6$/],
    ['every day', /this has 2$/],
    ['61 2 * * *', /^this is not a cron: /],
    ['30 2 * * funday', /^this is not a cron: /],
    ['30 2 30 2 *', /never runs/],
    ['? 2 * * *', /no meaning/],
    ['@reboot', /this has 1$/],
    ['TZ=Europe/Berlim 30 2 * * *', /no time zone "Europe\/Berlim"/],
    ['TZ=+02:00 30 2 * * *', /no time zone/],
    ['TZ= 30 2 * * *', /no time zone ""/],
    ['TZ=Europe/Berlin', /no time zone|this has/],
    [`${'1,'.repeat(50_000)}1 * * * *`, /longer than 256 characters$/],
  ])('%.40s', (text, message) => {
    const found = parseSchedule(text, source);
    expect(found).toMatchObject({ message: expect.stringMatching(message) });
    expect('hint' in found && found.hint).toBeTruthy();
  });
});
