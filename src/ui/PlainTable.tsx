import {
  Paper,
  Table,
  TableBody,
  TableCell,
  TableContainer,
  TableHead,
  TableRow,
} from '@mui/material';
import type { ReactNode } from 'react';
import { visuallyHidden } from './Announcement';

export interface PlainColumn<T> {
  id: string;
  label: string;
  /** The label is read out only. */
  isUnlabelled?: boolean;
  /** It takes no more room than it needs, and its text stays in one line. */
  isTight?: boolean;
  isRight?: boolean;
  cell: (row: T) => ReactNode;
}

interface PlainTableProps<T> {
  label: string;
  columns: PlainColumn<T>[];
  rows: T[];
  rowKey: (row: T) => string;
}

/** A table that looks like Headlamp's simple ones. It shows all rows that it is given, in their order. */
export function PlainTable<T>({ label, columns, rows, rowKey }: PlainTableProps<T>) {
  return (
    <TableContainer component={Paper} variant="outlined" sx={{ overflowX: 'auto' }}>
      <Table
        size="small"
        aria-label={label}
        sx={({ palette, breakpoints }) => ({
          background: palette.background.default,
          '& .MuiTableCell-root': {
            borderColor: palette.divider,
            padding: '8px 16px 7px 16px',
            overflowWrap: 'anywhere',
            [breakpoints.down('lg')]: { px: 1 },
          },
          '& .MuiTableBody-root .MuiTableRow-root:last-child .MuiTableCell-root': {
            borderBottom: 'none',
          },
          '& .MuiTableCell-head': {
            fontWeight: 'bold',
            overflowWrap: 'normal',
            color: (palette as { tables?: { head: { text: string } } }).tables?.head.text,
            background: palette.background.muted,
          },
        })}
      >
        <TableHead>
          <TableRow>
            {columns.map(({ id, label, isUnlabelled, isTight, isRight }) => (
              <TableCell
                key={id}
                align={isRight ? 'right' : undefined}
                sx={isTight ? { width: '1px', whiteSpace: 'nowrap' } : undefined}
              >
                {isUnlabelled ? <span style={visuallyHidden as object}>{label}</span> : label}
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map(row => (
            <TableRow key={rowKey(row)}>
              {columns.map(({ id, cell, isTight, isRight }) => (
                <TableCell
                  key={id}
                  align={isRight ? 'right' : undefined}
                  sx={isTight ? { whiteSpace: 'nowrap' } : undefined}
                >
                  {cell(row)}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  );
}
