import { Box, Typography } from '@mui/material';
import type { PlannedArchive, RetentionPlan } from '../../sidecar/api';
import { RunLink } from '../backups/RunLink';
import { formatBytes } from '../ui/bytes';
import { PlainTable } from '../ui/PlainTable';
import { statusColor } from '../ui/statusColor';
import { type Translate, useText } from '../ui/text';
import { useFormatDate } from '../ui/time/useFormatDate';
import { useNow } from '../ui/time/useNow';
import { useIsNarrow } from '../ui/useIsNarrow';
import { useRoving } from '../ui/useRoving';
import { AsTable } from './AsTable';
import { Mark } from './Mark';
import { MOST_MARKS, type Tick, timelineOf } from './timeline';

interface RetentionPictureProps {
  cluster: string;
  namespace: string;
  plan: RetentionPlan;
}

const MINUTE_MS = 60_000;
/** Heights in px: two lines with marks, and the ages below. */
const LANE = 30;
const AGES = 20;
const MARK = 12;

/**
 * The archives of a volume at a destination on a line of time: kept ones on the upper line, those that go on the lower
 * one. One stop of the Tab key, and arrow keys from archive to archive.
 */
export function RetentionPicture({ cluster, namespace, plan }: RetentionPictureProps) {
  const { t, language } = useText();
  const formatDate = useFormatDate();
  const nowMs = useNow(MINUTE_MS);
  const { archives, destination } = plan;
  const isNarrow = useIsNarrow();
  const { marks, ticks } = timelineOf(archives, nowMs, isNarrow ? 0.25 : undefined);
  const { box, onKeyDown, itemProps } = useRoving(marks.length, marks.length - 1);
  const textOf = ({ createdAt, bytes, keep, reasons }: PlannedArchive) =>
    [
      formatDate(createdAt),
      bytes !== null && formatBytes(bytes, language),
      `${keep ? t('Kept') : t('To be deleted')}${
        reasons.length > 0 ? ` (${reasons.join(', ')})` : ''
      }`,
    ]
      .filter(Boolean)
      .join(' · ');

  return (
    <Box>
      <Box sx={{ display: 'grid', gridTemplateColumns: 'max-content 1fr', columnGap: 1.5 }}>
        <Box aria-hidden>
          <Lane text={t('Kept')} />
          <Lane text={t('To be deleted')} />
        </Box>
        <Box
          ref={box}
          role="group"
          aria-label={t('Backups at {{destination}} by age', { destination })}
          onKeyDown={onKeyDown}
          sx={{
            position: 'relative',
            height: 2 * LANE + AGES,
            mx: `${MARK / 2}px`,
            minWidth: 0,
          }}
        >
          {[0, 1].map(lane => (
            <Box
              key={lane}
              sx={{
                position: 'absolute',
                top: (lane + 0.5) * LANE,
                left: -MARK / 2,
                right: -MARK / 2,
                borderTop: '1px solid',
                borderColor: 'divider',
              }}
            />
          ))}
          {ticks.map(({ id, x }) => (
            <Box key={id} aria-hidden>
              <Box
                sx={{
                  position: 'absolute',
                  top: 0,
                  height: 2 * LANE,
                  left: `${x * 100}%`,
                  borderLeft: '1px dashed',
                  borderColor: 'divider',
                }}
              />
              <Typography
                variant="caption"
                color="text.secondary"
                sx={{
                  position: 'absolute',
                  top: 2 * LANE,
                  left: `${x * 100}%`,
                  transform: 'translateX(-50%)',
                  whiteSpace: 'nowrap',
                }}
              >
                {tickText(id, t)}
              </Typography>
            </Box>
          ))}
          {marks.map(({ archive, x }, index) => (
            <Mark
              key={archive.backup}
              text={textOf(archive)}
              item={itemProps(index)}
              outlineOffset={2}
              sx={{
                position: 'absolute',
                top: (archive.keep ? 0.5 : 1.5) * LANE - MARK / 2,
                left: `calc(${x * 100}% - ${MARK / 2}px)`,
                width: MARK,
                height: MARK,
                border: '2px solid',
                borderRadius: archive.keep ? '50%' : '2px',
                borderColor: statusColor(archive.keep ? 'success' : 'error'),
                background: theme =>
                  archive.keep ? statusColor('success')(theme) : theme.palette.background.default,
                boxShadow: ({ palette }) => `0 0 0 1px ${palette.background.default}`,
                '&:hover': { zIndex: 1 },
              }}
            />
          ))}
        </Box>
      </Box>
      {archives.length > MOST_MARKS && (
        <Typography variant="caption" color="text.secondary">
          {t('The newest {{total}} backups are shown. The table has all of them.', {
            total: MOST_MARKS,
          })}
        </Typography>
      )}
      <AsTable text={t('Show the backups as a table')}>
        {() => (
          <PlainTable
            label={t('Backups at {{destination}} by age', { destination })}
            rows={archives}
            rowKey={({ backup }) => backup}
            columns={[
              {
                id: 'date',
                label: t('Backup'),
                cell: ({ backup, createdAt }) => (
                  <RunLink cluster={cluster} id={backup} namespace={namespace}>
                    {formatDate(createdAt)}
                  </RunLink>
                ),
              },
              {
                id: 'size',
                label: t('Size'),
                isRight: true,
                cell: ({ bytes }) => (bytes === null ? '–' : formatBytes(bytes, language)),
              },
              {
                id: 'plan',
                label: t('Plan'),
                cell: ({ keep }) => (keep ? t('Kept') : t('To be deleted')),
              },
              { id: 'why', label: t('Why'), cell: ({ reasons }) => reasons.join(', ') },
            ]}
          />
        )}
      </AsTable>
    </Box>
  );
}

const Lane = ({ text }: { text: string }) => (
  <Typography
    variant="caption"
    color="text.secondary"
    component="div"
    sx={{ height: LANE, display: 'flex', alignItems: 'center' }}
  >
    {text}
  </Typography>
);

function tickText(id: Tick, t: Translate): string {
  switch (id) {
    case 'hour':
      return t('1 hour');
    case 'day':
      return t('1 day');
    case 'week':
      return t('1 week');
    case 'month':
      return t('1 month');
    case 'year':
      return t('1 year');
  }
}
