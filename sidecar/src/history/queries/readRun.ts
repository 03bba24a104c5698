import { z } from 'zod';
import type { BackupSummary } from '../../../api/index.ts';
import {
  BACKUP_FORMS,
  ChainLink,
  Copy,
  DestinationProblem,
  FAILURE_CLASSES,
  Omitted,
  PRIORITIES,
  Proof,
  RUN_KINDS,
  Seal,
  STAGES,
  STATUSES,
  TRANSPORTS,
  VERIFY_LEVELS,
} from '../../../api/index.ts';
import { unpackStages } from '../schema/stageColumn.ts';
import { readDetails } from './details.ts';
import type { Row } from './entries.ts';
import type { Run } from './row.ts';

/** The columns that `readRun` needs. */
export const SELECT_RUNS = `SELECT runs.*, (
  SELECT json_group_array(json_object(
    'position', position, 'destination', destination_id, 'key', key, 'state', state, 'bytes', bytes, 'sha256', sha256,
    'provenAt', proven_at, 'level', proof_level, 'readFrom', proof_read_from, 'verifiedAt', verified_at,
    'isRequired', is_required, 'problem', problem, 'retryAt', retry_at,
    'encrypted', encrypted, 'storedBytes', stored_bytes, 'storedSha256', stored_sha256
  )) FROM copies WHERE run_id = runs.id
) AS copies FROM runs`;

/** Fields that a later version added are left out; fields that an older version lacks get a default. */
const oneOf =
  <T extends string>(known: readonly T[]) =>
  (value: unknown): T | undefined =>
    known.find(each => each === value);
const kindIn = oneOf(RUN_KINDS);
const statusIn = oneOf(STATUSES);
const stageIn = oneOf(STAGES);
const classIn = oneOf(FAILURE_CLASSES);
const priorityIn = oneOf(PRIORITIES);
const verifyIn = oneOf(VERIFY_LEVELS);
const formIn = oneOf(BACKUP_FORMS);
const transportIn = oneOf(TRANSPORTS);
const levelIn = oneOf(Proof.shape.level.options);
const readFromIn = oneOf(Proof.shape.readFrom.options);
const stateIn = oneOf(Copy.shape.state.options);

const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(each => typeof each === 'string') : [];

const NOTHING = { sockets: 0, trustedXattrs: 0, attributeFlags: 0, longPaths: 0 };
const StoredSeal = z.object({
  ...Seal.shape,
  omitted: z.object(Omitted.partial().shape).catch({}),
});
const StoredHelper = z
  .object({
    pod: z.string(),
    node: z.string().nullable(),
    image: z.string(),
    lastWords: z.string().optional(),
  })
  .nullable()
  .catch(null);

const StoredChain = z
  .object({ links: z.array(z.object(ChainLink.shape)), why: z.string().optional() })
  .nullable();

const StoredProblem = z.object(DestinationProblem.shape).nullable().catch(null);

/** The columns that are needed to read a summary, by `readHead`. */
export const HEAD_COLUMNS = `id, kind, pvc_uid, namespace, pvc_name, namespace_uid, status, stage, created_at, ended_at, bytes, message, warnings, (
  SELECT json_group_array(json_object('position', position, 'destination', destination_id, 'state', state))
  FROM copies WHERE run_id = runs.id
) AS copies`;

/** The newest runs of every claim, in memory. */
export type Head = Pick<
  Run,
  | ('kind' | 'uid' | 'namespace' | 'name' | 'namespaceUid' | 'warnings')
  | Exclude<keyof BackupSummary, 'presentAt' | 'hasWarnings'>
> & { copies: Pick<Copy, 'destination' | 'state'>[] };

/** @param row with `HEAD_COLUMNS` @returns undefined for a kind or status that only a later version knows */
export function readHead(row: Row): Head | undefined {
  const kind = kindIn(row.kind);
  const status = statusIn(row.status);
  if (!kind || !status) return undefined;
  return {
    id: String(row.id),
    kind,
    uid: String(row.pvc_uid),
    namespace: String(row.namespace),
    name: String(row.pvc_name),
    namespaceUid: textOrNull(row.namespace_uid),
    status,
    stage: stageIn(row.stage) ?? null,
    createdAt: String(row.created_at),
    endedAt: textOrNull(row.ended_at),
    bytes: typeof row.bytes === 'number' ? row.bytes : null,
    message: String(row.message),
    warnings: textsIn(json(row.warnings)),
    copies: placesIn(row),
  };
}

function placesIn(row: Row): Head['copies'] {
  const stored = json(row.copies);
  if (!Array.isArray(stored)) return [];
  return stored
    .sort((a, b) => Number(a.position) - Number(b.position))
    .map(each => ({
      destination: String(each.destination),
      state: stateIn(each.state) ?? 'missing',
    }));
}

/**
 * @param row what SQLite gives for `SELECT_RUNS`
 * @returns the run; undefined for a kind, status or chain that only a later version knows: nothing may be concluded from it
 */
export function readRun(row: Row): Run | undefined {
  const head = readHead(row);
  const chain = StoredChain.safeParse(json(row.chain));
  if (!head || !chain.success) return undefined;
  const { createdAt } = head;
  const copies = copiesIn(row);
  return {
    ...head,
    clusterUid: textOrNull(row.cluster_uid),
    reason: textOrNull(row.reason),
    failureClass: classIn(row.failure_class) ?? null,
    hint: textOrNull(row.hint),
    sha256: textOrNull(row.checksum_sha256),
    destinations: destinationsIn(row) ?? copies.map(({ destination }) => destination),
    copies,
    startedAt: textOrNull(row.started_at),
    priority: priorityIn(row.priority) ?? 'on-demand',
    attempt: Number(row.attempt),
    retryAt: textOrNull(row.retry_at),
    acceptEmpty: row.accept_empty === 1,
    verify: verifyIn(row.verify) ?? null,
    form: formIn(row.form) ?? null,
    requestedBy: String(row.requested_by),
    tarMessages: textsIn(json(row.tar_messages)),
    warningCount: Number(row.warning_count),
    stages: unpackStages(json(row.stages), createdAt),
    seal: sealIn(row),
    chain: chain.data,
    helper: StoredHelper.parse(json(row.helper)),
    transport: transportIn(row.transport) ?? null,
    transportReason: textOrNull(row.transport_reason),
    ...detailsIn(row),
  };
}

/** @returns undefined where they are those of the copies. */
function destinationsIn({ destinations }: Row): string[] | undefined {
  return typeof destinations === 'string' ? textsIn(json(destinations)) : undefined;
}

/** Details that cannot be read do not hide the run. */
function detailsIn({ details, kind }: Row): Pick<Run, 'details'> {
  const read = typeof details === 'string' ? readDetails(details) : undefined;
  return read?.kind === kind ? { details: read } : {};
}

function sealIn(row: Row): Seal | null {
  const stored = json(row.seal);
  if (typeof stored !== 'object' || stored === null) return null;
  const { success, data } = StoredSeal.safeParse({
    bytes: row.bytes,
    sha256: row.checksum_sha256,
    ...stored,
  });
  return success ? { ...data, omitted: { ...NOTHING, ...data.omitted } } : null;
}

function copiesIn(row: Row): Copy[] {
  const stored = json(row.copies);
  if (!Array.isArray(stored)) return [];
  return stored
    .sort((a, b) => Number(a.position) - Number(b.position))
    .map(each => {
      const [level, readFrom] = [levelIn(each.level), readFromIn(each.readFrom)];
      return {
        destination: String(each.destination),
        key: String(each.key),
        state: stateIn(each.state) ?? 'missing',
        bytes: Number(each.bytes ?? row.bytes ?? 0),
        sha256: String(each.sha256 ?? row.checksum_sha256 ?? ''),
        provenAt: textOrNull(each.provenAt),
        proof: level && readFrom ? { level, readFrom } : null,
        verifiedAt: textOrNull(each.verifiedAt),
        isRequired: each.isRequired !== 0,
        problem: StoredProblem.parse(json(each.problem)),
        retryAt: textOrNull(each.retryAt),
        encrypted: each.encrypted === 1,
        stored:
          typeof each.storedBytes === 'number' && typeof each.storedSha256 === 'string'
            ? { bytes: each.storedBytes, sha256: each.storedSha256 }
            : null,
      };
    });
}

const json = (value: Row[string] | undefined): unknown =>
  typeof value === 'string' ? JSON.parse(value) : null;

const textOrNull = (value: Row[string] | undefined): string | null =>
  value === null || value === undefined ? null : String(value);
