import { Icon } from '@iconify/react';
import { Table } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Button, useMediaQuery, useTheme } from '@mui/material';
import { useState } from 'react';
import { useBackUp } from '../backups/useBackUp';
import { backUpIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { volumeColumns } from './columns';
import { canBackUp } from './nextStep';
import { type Row, rowId, targetOf } from './row';

interface VolumesTableProps {
  rows: Row[];
  /** More than one cluster is shown. */
  hasClusters: boolean;
  emptyMessage: string;
}

/** The list of volumes, in Headlamp's own table. */
export function VolumesTable({ rows, hasClusters, emptyMessage }: VolumesTableProps) {
  const { t, language } = useText();
  const fitting = useFittingColumns(hasClusters);
  const [chosen, setChosen] = useState<Record<string, boolean>>({});
  return (
    <Table<Row>
      // Headlamp's table does not draw its head again for another language.
      key={language}
      columns={volumeColumns(t, language)}
      data={rows}
      getRowId={rowId}
      emptyMessage={emptyMessage}
      enableFacetedValues
      enableRowSelection={row => canBackUp(row.original.volume)}
      renderRowSelectionToolbar={({ table }) => (
        <BackUpSelected
          rows={table.getFilteredSelectedRowModel().rows.map(({ original }) => original)}
          onDone={() => table.resetRowSelection(true)}
        />
      )}
      state={{ columnVisibility: { ...fitting, ...chosen } }}
      onColumnVisibilityChange={change =>
        setChosen(known =>
          typeof change === 'function' ? change({ ...fitting, ...known }) : change
        )
      }
    />
  );
}

/** Which columns are shown at first: those that fit the window. */
function useFittingColumns(hasClusters: boolean): Record<string, boolean> {
  const { breakpoints } = useTheme();
  const isMedium = useMediaQuery(breakpoints.up('md'));
  const isSmall = useMediaQuery(breakpoints.up('sm'));
  return {
    cluster: hasClusters,
    namespace: isSmall,
    owner: isMedium,
    size: isMedium,
    lastBackup: isSmall,
  };
}

/** Backs up the selected volumes. Those that cannot be backed up any more are left out. */
function BackUpSelected({ rows, onDone }: { rows: Row[]; onDone(): void }) {
  const { t } = useText();
  const { backUp, isBusy } = useBackUp();
  const possible = rows.filter(({ volume }) => canBackUp(volume));
  return (
    <Button
      variant="contained"
      size="small"
      disabled={isBusy || possible.length === 0}
      startIcon={<Icon icon={backUpIcon} />}
      onClick={() => backUp(possible.map(targetOf)).then(onDone)}
    >
      {t('Back up {{count}} volumes', { count: possible.length })}
    </Button>
  );
}
