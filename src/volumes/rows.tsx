import { createContext, type ReactNode, useContext, useMemo } from 'react';
import { type Row, rowId } from './row';

const Rows = createContext<ReadonlyMap<string, Row>>(new Map());

/** Gives cells their row as it is now: Headlamp's table draws a cell again only when its value changes. */
export function FreshRows({ rows, children }: { rows: Row[]; children: ReactNode }) {
  const byId = useMemo(() => new Map(rows.map(row => [rowId(row), row])), [rows]);
  return <Rows.Provider value={byId}>{children}</Rows.Provider>;
}

/** @param row as it was when its cell was last drawn. */
export const useFreshRow = (row: Row): Row => useContext(Rows).get(rowId(row)) ?? row;
