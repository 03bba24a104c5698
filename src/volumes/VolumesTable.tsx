import { Icon } from '@iconify/react';
import { Table } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Button, Stack, Typography } from '@mui/material';
import { type ComponentProps, useMemo, useState } from 'react';
import { isOfHeadlamp } from '../api/clusterRef';
import { canBackUp } from '../backups/run/nextStep';
import { useBackUp } from '../backups/start/BackUps';
import { BackUpTo } from '../backups/start/BackUpTo';
import { ScheduleDialog } from '../policy/ScheduleDialog';
import { SmallButton } from '../ui/buttons/SmallButton';
import { backUpIcon, scheduleIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { useNow } from '../ui/time/useNow';
import { useIsNarrow } from '../ui/useIsNarrow';
import { volumeColumns } from './columns';
import { type Row, rowId, scheduleTargetOf, targetOf } from './row';
import { FreshRows } from './rows';

type VolumeTable = ComponentProps<typeof Table<Row>>;
type SelectionToolbar = NonNullable<VolumeTable['renderRowSelectionToolbar']>;
type TableInstance = Parameters<SelectionToolbar>[0]['table'];

interface VolumesTableProps {
  /** The same array as long as nothing has changed. */
  rows: Row[];
  /** More than one cluster is shown. */
  hasClusters: boolean;
  emptyMessage: string;
}

/**
 * Headlamp's table counts 100 px for each column, which is too little for ours: in a window of medium width it would put
 * the last one out of sight. Those who choose columns get them anyway.
 */
const ALL = {};
const WITHOUT_LESSER = { columnVisibility: { owner: false, size: false } };
/** On a phone, namespace and cluster stand below the name. */
const LEAST = { columnVisibility: { owner: false, size: false, namespace: false, cluster: false } };

/** How precisely the age of a backup is shown. */
const AGE_MS = 60_000;

/** A volume that cannot be backed up now can have a schedule. */
const canSelect: VolumeTable['enableRowSelection'] = ({ original }) =>
  canBackUp(original.volume) || canSchedule(original);

/** Labels of claims are changed through Headlamp. */
const canSchedule = ({ cluster, policy }: Row): boolean =>
  policy !== undefined && isOfHeadlamp(cluster);
const renderSelection: SelectionToolbar = ({ table }) => <Selection table={table} />;

/** The list of volumes, in Headlamp's own table. Whatever it is given stays the same: else it would calculate all again. */
export function VolumesTable({ rows, hasClusters, emptyMessage }: VolumesTableProps) {
  const { t, language } = useText();
  const nowMs = useNow(AGE_MS);
  const isMedium = useIsNarrow('lg');
  const isNarrow = useIsNarrow();
  const columns = useMemo(
    () => volumeColumns({ t, language, hasClusters, nowMs }),
    // `t` is a new function each time, with the same texts for the same language.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [language, hasClusters, nowMs]
  );
  return (
    <FreshRows rows={rows}>
      <Table<Row>
        // Headlamp's table does not draw its head again for another language.
        key={language}
        columns={columns}
        data={rows}
        getRowId={rowId}
        emptyMessage={emptyMessage}
        state={isNarrow ? LEAST : isMedium ? WITHOUT_LESSER : ALL}
        enableFacetedValues
        enableRowSelection={canSelect}
        renderRowSelectionToolbar={renderSelection}
      />
    </FreshRows>
  );
}

/** How many rows are selected, and what can be done with them. The box in the table's head selects one page. */
function Selection({ table }: { table: TableInstance }) {
  const { t, language } = useText();
  const isNarrow = useIsNarrow();
  const { backUp, isBusy } = useBackUp();
  const selected = table.getFilteredSelectedRowModel().rows;
  const all = table.getPrePaginationRowModel().rows;
  const selectable = useMemo(() => all.filter(row => row.getCanSelect()).length, [all]);
  const possible = selected.filter(({ original }) => canBackUp(original.volume));
  const targets = possible.map(({ original }) => targetOf(original));
  const isStarting = targets.some(isBusy);
  const planned = selected.filter(({ original }) => canSchedule(original));
  const [isScheduling, setScheduling] = useState(false);
  const number = (value: number) => value.toLocaleString(language);

  return (
    <Stack direction="row" alignItems="center" gap={1} sx={{ height: '100%' }}>
      {!isNarrow && (
        <Typography variant="body2" color="text.secondary">
          {t('{{selected}} of {{total}} selected', {
            selected: number(selected.length),
            total: number(all.length),
          })}
        </Typography>
      )}
      {selected.length < selectable && (
        <Button size="small" onClick={() => table.toggleAllRowsSelected(true)}>
          {t('Select all {{total}}', { total: number(selectable) })}
        </Button>
      )}
      <Button
        variant="contained"
        size="small"
        aria-disabled={isStarting || possible.length === 0 || undefined}
        startIcon={<Icon icon={backUpIcon} />}
        onClick={() => {
          if (isStarting || targets.length === 0) return;
          void backUp(targets).then(() => table.resetRowSelection(true));
        }}
      >
        {t('Back up {{count}} volumes', { count: possible.length })}
      </Button>
      {new Set(targets.map(({ cluster }) => cluster)).size === 1 && !isNarrow && (
        <BackUpTo targets={targets} onStarted={() => table.resetRowSelection(true)} />
      )}
      {planned.length > 0 && (
        <SmallButton
          icon={scheduleIcon}
          text={t('Schedule…')}
          label={t('Schedule of {{count}} volumes', { count: planned.length })}
          onClick={() => setScheduling(true)}
        />
      )}
      <ScheduleDialog
        targets={planned.map(({ original }) => scheduleTargetOf(original))}
        isOpen={isScheduling}
        onClose={() => setScheduling(false)}
        onDone={() => table.resetRowSelection(true)}
      />
    </Stack>
  );
}
