import type { AuditEntryShown } from '../../../api/index.ts';

const COLUMNS: Record<string, (entry: AuditEntryShown) => string | number | null> = {
  sequence: ({ sequence }) => sequence,
  at: ({ at }) => at,
  cluster: ({ cluster }) => cluster,
  actor: ({ actor }) => actor.name,
  actorKind: ({ actor }) => actor.kind,
  actorUid: ({ actor }) => actor.uid,
  actorCluster: ({ actor }) => actor.cluster ?? null,
  credential: ({ actor }) => actor.credential,
  groups: ({ actor }) => actor.groups.join(' '),
  client: ({ from }) => from?.client ?? null,
  peer: ({ from }) => from?.peer ?? null,
  action: ({ action }) => action,
  result: ({ result }) => result,
  status: ({ status }) => status,
  reason: ({ reason }) => reason,
  detail: ({ detail }) => detail,
  claims: ({ claims }) =>
    claims.map(({ namespace, name }) => [namespace, name].filter(Boolean).join('/')).join(' '),
  claimUids: ({ claims }) => claims.map(({ uid }) => uid ?? '-').join(' '),
  backup: ({ backup }) => backup,
  archive: ({ archive }) => archive,
  destination: ({ destination }) => destination,
  runs: ({ runs }) => runs.join(' '),
  repeated: ({ repeated }) => repeated,
  previous: ({ previous }) => previous,
  hash: ({ hash }) => hash,
};

/** The first line. */
export const csvHead = (): string => `${Object.keys(COLUMNS).map(cellOf).join(',')}\r\n`;

export const csvLine = (entry: AuditEntryShown): string =>
  `${Object.values(COLUMNS)
    .map(column => cellOf(column(entry)))
    .join(',')}\r\n`;

/** A spreadsheet takes a cell that begins like this for a formula, also one behind spaces. */
const FORMULA = /^\s*[=+\-@|%＝＋－＠]/;

/** Characters that end a line, move a cursor, hide or reverse text. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** @returns a cell in quotes, which no spreadsheet carries out and no terminal obeys. */
export function cellOf(value: string | number | null): string {
  if (typeof value === 'number') return String(value);
  const text = (value ?? '').replace(
    UNSAFE,
    each => `\\u{${each.codePointAt(0)?.toString(16) ?? ''}}`
  );
  return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}
