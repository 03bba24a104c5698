import { Icon, type IconifyIcon } from '@iconify/react';
import { Box, type Theme, Typography } from '@mui/material';
import type { PolicyDay } from '../../sidecar/api';
import { closeIcon, copiedIcon, queuedIcon, skippedIcon } from '../ui/icons';
import { PlainTable } from '../ui/PlainTable';
import { statusColor } from '../ui/statusColor';
import { type Translate, useText } from '../ui/text';
import { useRoving } from '../ui/useRoving';
import { AsTable } from './AsTable';
import { Mark } from './Mark';

type DayState = PolicyDay['state'];

/** A sign for each state: colour alone says nothing. */
const LOOKS: Record<DayState, { icon?: IconifyIcon; color: (theme: Theme) => string }> = {
  good: { icon: copiedIcon, color: statusColor('success') },
  failed: { icon: closeIcon, color: statusColor('error') },
  missed: { icon: skippedIcon, color: statusColor('warning') },
  overdue: { icon: queuedIcon, color: statusColor('error') },
  none: { color: ({ palette }) => palette.text.secondary },
};

function dayText(state: DayState, t: Translate): string {
  switch (state) {
    case 'good':
      return t('Good');
    case 'failed':
      return t('Failed');
    case 'missed':
      return t('Missed');
    case 'overdue':
      return t('Overdue');
    case 'none':
      return t('No backups');
  }
}

/** Days are in UTC, and are written as such. */
const formatDay = (date: string, language?: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }).format(
    new Date(`${date}T00:00:00Z`)
  );

/** The last 30 days of a volume: one stop of the Tab key, and arrow keys from day to day. */
export function DayStrip({ days }: { days: PolicyDay[] }) {
  const { t, language } = useText();
  const { box, onKeyDown, itemProps } = useRoving(days.length, days.length - 1);
  const countsOf = ({ good, failed, missed }: PolicyDay) =>
    [
      good > 0 && t('{{count}} good backups', { count: good }),
      failed > 0 && t('{{count}} failed backups', { count: failed }),
      missed > 0 && t('{{count}} missed backups', { count: missed }),
    ]
      .filter(Boolean)
      .join(', ');
  const textOf = (day: PolicyDay) =>
    [`${formatDay(day.date, language)} – ${dayText(day.state, t)}`, countsOf(day)]
      .filter(Boolean)
      .join('. ');
  const shown = new Set(days.map(({ state }) => state));

  return (
    <Box>
      <Box
        ref={box}
        role="group"
        aria-label={t('Last 30 days')}
        onKeyDown={onKeyDown}
        sx={{
          display: 'grid',
          gridTemplateColumns: { xs: 'repeat(15, 1fr)', md: 'repeat(30, 1fr)' },
          gap: '3px',
          maxWidth: { xs: 480, md: 900 },
        }}
      >
        {days.map((day, index) => (
          <Mark
            key={day.date}
            text={textOf(day)}
            item={itemProps(index)}
            outlineOffset={1}
            sx={{
              height: 28,
              minWidth: 0,
              display: 'grid',
              placeItems: 'center',
              background: 'none',
              border: '1px solid',
              borderStyle: day.state === 'none' ? 'dashed' : 'solid',
              borderRadius: '4px',
              color: LOOKS[day.state].color,
              borderColor: day.state === 'none' ? 'divider' : LOOKS[day.state].color,
            }}
          >
            <Sign state={day.state} />
          </Mark>
        ))}
      </Box>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 2, mt: 0.75 }}>
        {(Object.keys(LOOKS) as DayState[])
          .filter(state => shown.has(state))
          .map(state => (
            <Typography
              key={state}
              variant="caption"
              color="text.secondary"
              sx={{ display: 'inline-flex', alignItems: 'center', gap: 0.5 }}
            >
              <Box component="span" sx={{ lineHeight: 0, color: LOOKS[state].color }}>
                <Sign state={state} />
              </Box>
              {dayText(state, t)}
            </Typography>
          ))}
        <Typography variant="caption" color="text.secondary">
          {t('Days are in UTC. Today is last.')}
        </Typography>
      </Box>
      <AsTable text={t('Show the days as a table')}>
        {() => (
          <PlainTable
            label={t('Last 30 days')}
            rows={[...days].reverse()}
            rowKey={({ date }) => date}
            columns={[
              { id: 'date', label: t('Day'), cell: ({ date }) => formatDay(date, language) },
              { id: 'state', label: t('State'), cell: ({ state }) => dayText(state, t) },
              { id: 'good', label: t('Good'), isRight: true, cell: ({ good }) => good },
              { id: 'failed', label: t('Failed'), isRight: true, cell: ({ failed }) => failed },
              { id: 'missed', label: t('Missed'), isRight: true, cell: ({ missed }) => missed },
            ]}
          />
        )}
      </AsTable>
    </Box>
  );
}

function Sign({ state }: { state: DayState }) {
  const { icon } = LOOKS[state];
  return icon ? <Icon icon={icon} width={16} aria-hidden /> : <span aria-hidden>·</span>;
}
