import { z } from 'zod';
import { ClaimName, NamespaceName } from './backups.ts';
import {
  AUDIT_ACTORS,
  AUDIT_PHASES,
  AUDIT_PROBLEMS,
  AUDIT_RESULTS,
  MAX_AUDIT_PAGE,
} from './names.ts';
import { wholeNumber } from './query.ts';

/**
 * - `allowed`: the call was carried out, or what it asked for was accepted; the end of a run is an entry of its own
 * - `refused`: because of the caller, the request, or the state of things; nothing was done
 * - `failed`: NKVM or something that it needs did not work
 * - `success`, `cancelled`: how a run or a download has ended
 * - `interrupted`: NKVM ended before the call did; it may have been carried out
 */
export const AuditResult = z.enum(AUDIT_RESULTS);
export type AuditResult = z.infer<typeof AuditResult>;

const Digest = z.string().regex(/^[0-9a-f]{64}$/);

/** The caller, as the API server has told from the token. */
export const AuditActor = z.strictObject({
  kind: z
    .enum(AUDIT_ACTORS)
    .describe('`nkvm`: NKVM by itself; `unknown`: no valid token, or seen only afterwards'),
  name: z.string().nullable(),
  uid: z.string().nullable(),
  groups: z.array(z.string()).describe('at most 16'),
  credential: z
    .string()
    .nullable()
    .describe('id of the token, which the audit log of the API server has with its person'),
  cluster: z
    .string()
    .optional()
    .describe('that the token is from, where it is another one than that of NKVM'),
});
export type AuditActor = z.infer<typeof AuditActor>;

export const AuditSource = z.strictObject({
  peer: z.string().nullable().describe('address of the other end of the connection'),
  client: z
    .string()
    .nullable()
    .describe('last address in X-Forwarded-For: what the peer says of its own client'),
});
export type AuditSource = z.infer<typeof AuditSource>;

export const AuditClaim = z.strictObject({
  namespace: z.string(),
  name: z.string().nullable(),
  uid: z.string().nullable(),
});
export type AuditClaim = z.infer<typeof AuditClaim>;

/** One line of the audit log. `hash` is not in the line: it is the SHA-256 of the line. */
export const AuditEntry = z.strictObject({
  sequence: z.int().min(1),
  previous: Digest.describe('SHA-256 of the line before, without its line feed; 64 zeros at first'),
  phase: z
    .enum(AUDIT_PHASES)
    .describe('`begun`: before a change; `ended`: its result; `whole`: both in one'),
  begun: z.int().min(1).nullable().describe('of `ended`: the entry that it belongs to'),
  at: z.iso.datetime(),
  cluster: z.string().describe('of the claims and runs; without them, that of NKVM'),
  actor: AuditActor,
  from: AuditSource.nullable().describe('null: no request'),
  action: z.string().describe('e.g. `backup.start`'),
  claims: z.array(AuditClaim),
  backup: z.string().nullable().describe('id of the backup that is read or changed'),
  archive: z.string().nullable().describe('an archive by its name, or an upload by its id'),
  destination: z.string().nullable(),
  runs: z.array(z.string()).describe('runs that are started, changed, or have ended'),
  result: AuditResult.nullable().describe('null: of `begun`'),
  status: z.int().nullable().describe('HTTP status of the answer'),
  reason: z.string().nullable().describe('of the problem, for programs'),
  detail: z.string().nullable().describe('the missing right, or what else is to be known'),
  repeated: z.int().min(0).describe('so many more that were alike have no entry of their own'),
  pruned: z
    .strictObject({ sequence: z.int().min(1), hash: Digest })
    .optional()
    .describe('of `audit.prune`: the last entry that was deleted'),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditEntryShown = AuditEntry.extend({ hash: Digest });
export type AuditEntryShown = z.infer<typeof AuditEntryShown>;

const Moment = z.iso.datetime({ offset: true });

export const AuditQuery = z.strictObject({
  from: Moment.optional().describe('the first moment'),
  to: Moment.optional().describe('the first moment that is too late'),
  who: z.string().min(1).max(253).optional().describe('text in the name of the actor'),
  action: z
    .string()
    .regex(/^[a-z-]+(\.[a-z-]+)?$/, 'must be an action, or its first part')
    .max(64)
    .optional()
    .describe('e.g. `backup.start`, or `backup` for all of them'),
  namespace: NamespaceName.optional(),
  claim: ClaimName.optional(),
  result: AuditResult.optional(),
  cursor: z
    .string()
    .regex(/^\d{1,16}$/, 'must be a nextCursor')
    .optional(),
  limit: wholeNumber(1, MAX_AUDIT_PAGE).default(100),
  format: z.enum(['json', 'csv']).optional().describe('`csv`: all pages in one'),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

export const AuditList = z.strictObject({
  entries: z.array(AuditEntryShown),
  nextCursor: z
    .string()
    .nullable()
    .describe('a page may be empty where few entries match: follow it until it is null'),
  actions: z.array(z.string()).describe('all actions that entries can have'),
});
export type AuditList = z.infer<typeof AuditList>;

/** The first place that is not as it was written. */
export const AuditBreak = z.strictObject({
  problem: z.enum(AUDIT_PROBLEMS),
  sequence: z.int().min(0),
  file: z.string(),
  message: z.string(),
});
export type AuditBreak = z.infer<typeof AuditBreak>;

export const AuditCheck = z.strictObject({
  isWhole: z.boolean(),
  checkedAt: z.iso.datetime(),
  entries: z.int().min(0),
  first: z.int().min(0).describe('sequence of the first entry that is kept; 0: there is none'),
  last: z.int().min(0),
  hash: Digest.describe('of the last entry; compare it with the log'),
  broken: AuditBreak.nullable(),
});
export type AuditCheck = z.infer<typeof AuditCheck>;
