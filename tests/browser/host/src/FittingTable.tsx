import HeadlampTable, {
  type TableProps,
} from '@kinvolk/headlamp-plugin/lib/components/common/Table/Table';
import { Box } from '@mui/material';
import { useEffect, useRef, useState } from 'react';
import { hiddenColumns } from './hiddenColumns';

export * from '@kinvolk/headlamp-plugin/lib/components/common/Table/Table';

type Row = Record<string, unknown>;
type Visibility = Record<string, boolean>;

/**
 * Headlamp's table with what 0.45 adds: it hides columns that do not fit its own width, and does not report which
 * columns a person has chosen. A caller's `onColumnVisibilityChange` is never called.
 */
export default function FittingTable(props: TableProps<Row>) {
  const { columns, state, initialState, enableRowSelection, enableRowActions } = props;
  const box = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(box);
  const [chosen, setChosen] = useState<Visibility>(initialState?.columnVisibility ?? {});
  const ofCaller: Visibility = state?.columnVisibility ?? {};
  const wanted = columns.flatMap(({ id, ...column }, index) =>
    ofCaller[id ?? index] === false ? [] : [{ ...column, id: id ?? String(index) }]
  );
  const hidden = hiddenColumns(wanted, widthPx, {
    selection: !!enableRowSelection,
    actions: !!enableRowActions,
  });
  const columnVisibility = {
    ...ofCaller,
    ...chosen,
    ...Object.fromEntries(hidden.map(id => [id, false])),
  };
  return (
    <Box ref={box} sx={{ width: '100%' }}>
      <HeadlampTable
        {...props}
        state={{ ...state, columnVisibility }}
        onColumnVisibilityChange={setChosen}
      />
    </Box>
  );
}

function useWidth(of: React.RefObject<HTMLElement>): number {
  const [widthPx, setWidthPx] = useState(0);
  useEffect(() => {
    const element = of.current;
    if (!element) return;
    setWidthPx(element.clientWidth);
    const observer = new ResizeObserver(([entry]) => entry && setWidthPx(entry.contentRect.width));
    observer.observe(element);
    return () => observer.disconnect();
  }, [of]);
  return widthPx;
}
