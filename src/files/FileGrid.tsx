import { Icon } from '@iconify/react';
import { Box, ButtonBase, Checkbox, CircularProgress, Typography } from '@mui/material';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import type { ArchiveFile } from '../../sidecar/api';
import { ascendingIcon, descendingIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { useFormatDate } from '../ui/time/useFormatDate';
import { useIsNarrow } from '../ui/useIsNarrow';
import { type FileColumn, fileColumns } from './fileColumns';
import { FileName } from './FileName';
import { type GridKeys, handleKey } from './gridKeys';
import { type Selected, selectedBy, type Selection } from './selection';
import type { Sort, View } from './view';

const HEAD_PX = 40;
const ROW_PX = 40;
/** With a second line. */
const TALL_ROW_PX = 60;
/** The next page is asked for when so many rows are left. */
const AHEAD = 50;

interface FileGridProps {
  label: string;
  files: ArchiveFile[];
  /** Of all pages. */
  total: number;
  view: View;
  selection: Selection;
  /** Is asked for more rows; undefined when there are none, or they are on their way. */
  loadMore?: () => void;
  isLoadingMore: boolean;
  /** Has the focus while another folder loads: then the grid of that folder takes it. */
  place: RefObject<HTMLElement>;
  onSort(sort: Sort): void;
  onOpen(file: ArchiveFile): void;
  onToggle(file: ArchiveFile): void;
  /** Selects all rows, or none. */
  onToggleAll(): void;
  onParent(): void;
  onClear(): void;
}

/**
 * The entries of an archive, as a grid for screen readers. It has the focus itself, and names the row that keys act on;
 * only rows in sight are in the page, and that one.
 */
export function FileGrid(props: FileGridProps) {
  const { label, files, total, view, selection, loadMore, isLoadingMore } = props;
  const { t, language } = useText();
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(-1);
  const isMedium = useIsNarrow('lg');
  const isNarrow = useIsNarrow();
  const rowPx = isNarrow ? TALL_ROW_PX : ROW_PX;
  const formatDate = useFormatDate();
  const columns = fileColumns({ t, language, formatDate, isMedium, isNarrow });
  const template = `42px minmax(0, 1fr) ${columns.map(({ width }) => width).join(' ')}`;

  const rows = useVirtualizer({
    count: files.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowPx,
    overscan: 10,
    // The head is above the rows, and stays in sight.
    scrollMargin: HEAD_PX,
    scrollPaddingStart: HEAD_PX,
    // The row that has a name on the grid has to be there.
    rangeExtractor: range => {
      const shown = defaultRangeExtractor(range);
      return active < 0 || active >= files.length || shown.includes(active)
        ? shown
        : [...shown, active].sort((a, b) => a - b);
    },
  });
  useEffect(() => rows.measure(), [rows, rowPx]);

  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  const isNearEnd = last >= files.length - AHEAD;
  useEffect(() => {
    if (isNearEnd) loadMore?.();
  }, [isNearEnd, loadMore]);

  // Another folder begins at its top. Before it is seen: no key goes astray.
  const shownView = JSON.stringify(view);
  useLayoutEffect(() => {
    const takesFocus = props.place.current === document.activeElement;
    setActive(takesFocus ? 0 : -1);
    box.current?.scrollTo({ top: 0 });
    if (takesFocus) box.current?.focus();
  }, [shownView, props.place]);

  const keys: GridKeys = {
    active,
    count: files.length,
    pageRows: Math.max(1, Math.floor(((box.current?.clientHeight ?? 0) - HEAD_PX) / rowPx) - 1),
    onActive(index) {
      setActive(index);
      rows.scrollToIndex(index);
    },
    onOpen: index => files[index] && props.onOpen(files[index]),
    onToggle: index => files[index] && props.onToggle(files[index]),
    onParent: props.onParent,
    onClear: props.onClear,
  };
  const rowId = (index: number) => `${id}-${index}`;
  const isActiveShown = active >= 0 && active < files.length;
  const selectedCount = files.filter(({ path }) => selectedBy(selection, path) !== 'no').length;

  return (
    <Box
      ref={box}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={total + 1}
      aria-colcount={columns.length + 2}
      aria-multiselectable
      aria-activedescendant={isActiveShown ? rowId(active) : undefined}
      onKeyDown={event => handleKey(event, keys)}
      onFocus={event => {
        if (event.target === event.currentTarget && active < 0 && files.length > 0) setActive(0);
      }}
      sx={({ palette }) => ({
        position: 'relative',
        overflow: 'auto',
        maxHeight: 'max(320px, calc(100dvh - 400px))',
        border: '1px solid',
        borderColor: palette.divider,
        borderRadius: 1,
        background: palette.background.default,
        '&:focus-visible': { outline: `2px solid ${palette.primary.main}`, outlineOffset: '1px' },
      })}
    >
      <Box
        role="row"
        aria-rowindex={1}
        sx={({ palette }) => ({
          display: 'grid',
          gridTemplateColumns: template,
          alignItems: 'center',
          height: HEAD_PX,
          position: 'sticky',
          top: 0,
          zIndex: 1,
          fontWeight: 'bold',
          fontSize: '0.875rem',
          background: palette.background.muted,
          borderBottom: `1px solid ${palette.divider}`,
        })}
      >
        <Box role="columnheader" aria-label={t('Selected')}>
          <Checkbox
            size="small"
            checked={files.length > 0 && selectedCount === files.length}
            indeterminate={selectedCount > 0 && selectedCount < files.length}
            onChange={props.onToggleAll}
            inputProps={{ 'aria-label': t('Select all') }}
          />
        </Box>
        <Head column={{ id: 'name', label: t('Name'), sort: 'name' }} {...props} />
        {columns.map(column => (
          <Head key={column.id} column={column} {...props} />
        ))}
      </Box>
      <Box role="rowgroup" sx={{ position: 'relative', height: rows.getTotalSize() }}>
        {shown.map(({ index, start, size }) => {
          const file = files[index];
          return (
            file && (
              <FileRow
                key={file.path}
                id={rowId(index)}
                index={index}
                file={file}
                view={view}
                columns={columns}
                template={template}
                startPx={start - HEAD_PX}
                heightPx={size}
                isActive={index === active}
                selected={selectedBy(selection, file.path)}
                isNarrow={isNarrow}
                onOpen={() => props.onOpen(file)}
                onToggle={() => props.onToggle(file)}
                onActive={() => setActive(index)}
              />
            )
          );
        })}
      </Box>
      {isLoadingMore && (
        <Box sx={{ display: 'flex', justifyContent: 'center', p: 1 }}>
          <CircularProgress size={24} aria-label={t('Loading more')} />
        </Box>
      )}
    </Box>
  );
}

interface HeadProps {
  column: Pick<FileColumn, 'id' | 'label' | 'isRight'> & { sort?: Sort };
  view: View;
  onSort(sort: Sort): void;
}

function Head({ column: { label, sort, isRight }, view, onSort }: HeadProps) {
  const isSorted = sort === view.sort;
  const order = view.order === 'asc' ? 'ascending' : 'descending';
  const arrow = isSorted && (
    <Box component="span" aria-hidden sx={{ lineHeight: 0 }}>
      <Icon icon={view.order === 'asc' ? ascendingIcon : descendingIcon} width={14} />
    </Box>
  );
  return (
    <Box
      role="columnheader"
      aria-sort={sort && isSorted ? order : undefined}
      sx={{ px: 1, textAlign: isRight ? 'right' : 'left', minWidth: 0 }}
    >
      {sort ? (
        <ButtonBase
          onClick={() => onSort(sort)}
          sx={{
            font: 'inherit',
            gap: 0.5,
            borderRadius: 0.5,
            '&:focus-visible': { outline: '2px solid' },
          }}
        >
          {isRight && arrow}
          {label}
          {!isRight && arrow}
        </ButtonBase>
      ) : (
        label
      )}
    </Box>
  );
}

interface FileRowProps {
  id: string;
  index: number;
  file: ArchiveFile;
  view: View;
  columns: FileColumn[];
  template: string;
  startPx: number;
  heightPx: number;
  isActive: boolean;
  selected: Selected;
  isNarrow: boolean;
  onOpen(): void;
  onToggle(): void;
  onActive(): void;
}

function FileRow(props: FileRowProps) {
  const { id, index, file, view, columns, template, startPx, heightPx } = props;
  const { isActive, selected, isNarrow } = props;
  const { t } = useText();
  const isSelected = selected !== 'no';
  return (
    // The grid has the focus, and its keys do what a click on a row does.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <Box
      role="row"
      id={id}
      tabIndex={-1}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      onClick={props.onActive}
      onDoubleClick={props.onOpen}
      sx={({ palette }) => ({
        display: 'grid',
        gridTemplateColumns: template,
        alignItems: 'center',
        position: 'absolute',
        top: 0,
        left: 0,
        right: 0,
        height: heightPx,
        transform: `translateY(${startPx}px)`,
        borderBottom: `1px solid ${palette.divider}`,
        background: isSelected ? palette.action.selected : undefined,
        outline: 'none',
        '&:hover': { background: isSelected ? palette.action.selected : palette.action.hover },
        // Which row the keys act on shows while the grid has the focus.
        '[role=grid]:focus &': isActive
          ? { boxShadow: `inset 0 0 0 2px ${palette.primary.main}` }
          : {},
      })}
    >
      <Box role="gridcell">
        <Checkbox
          size="small"
          checked={isSelected}
          disabled={selected === 'above'}
          onChange={props.onToggle}
          onDoubleClick={event => event.stopPropagation()}
          inputProps={{
            'aria-label': t('Select {{name}}', { name: file.name }),
            tabIndex: -1,
          }}
        />
      </Box>
      <Box role="gridcell" sx={{ px: 1, minWidth: 0 }}>
        <FileName file={file} view={view} hasDetails={isNarrow} onOpen={props.onOpen} />
      </Box>
      {columns.map(({ id, isRight, isFixed, value }) => (
        <Typography
          key={id}
          role="gridcell"
          component="div"
          variant="body2"
          noWrap
          sx={{
            px: 1,
            textAlign: isRight ? 'right' : 'left',
            fontVariantNumeric: 'tabular-nums',
            ...(isFixed && { fontFamily: 'monospace', fontSize: '0.8rem' }),
          }}
        >
          {value(file)}
        </Typography>
      ))}
    </Box>
  );
}
