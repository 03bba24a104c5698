import { z } from 'zod';
import { FailureClass, Stage } from './errors.ts';
import { metLimits } from './limits.ts';
import { CHECK_STEPS, DESTINATION_KINDS, LOCAL_DESTINATION } from './names.ts';

/** Name of a destination: the name of its Secret, or `local`. */
export const DestinationName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must be the name of a destination'
  );

export const DestinationKind = z.enum([LOCAL_DESTINATION, ...DESTINATION_KINDS]);
export type DestinationKind = z.infer<typeof DestinationKind>;

/** Why something does not work, in words for people. Never has a credential in it. */
export const DestinationProblem = z.strictObject({
  stage: Stage,
  reason: z.string().describe('stable, for programs'),
  message: z.string(),
  hint: z.string(),
  failureClass: FailureClass,
});
export type DestinationProblem = z.infer<typeof DestinationProblem>;

/**
 * - `ready`: it worked when it was last used
 * - `unknown`: it was not used yet
 * - `failing`: it did not work when it was last used; NKVM tries again
 * - `paused`: it failed several times in a row; nothing is sent there until `retryAt`
 * - `invalid`: its settings are wrong
 */
export const DestinationState = z.enum(['ready', 'unknown', 'failing', 'paused', 'invalid']);
export type DestinationState = z.infer<typeof DestinationState>;

/** Facts about the archives at a destination since all of its manifests were last read. */
export const Catalog = z.strictObject({
  archives: z.int().min(0),
  bytes: z.int().min(0),
  onlyHere: z.int().min(0).describe('backups of this cluster that have no other copy'),
  foreign: z.int().min(0).describe('archives that another installation wrote'),
  readAt: z.iso.datetime(),
});
export type Catalog = z.infer<typeof Catalog>;

export const DestinationEncryption = z.strictObject({
  recipients: z.int().min(0).describe('number of age keys that can decrypt the archives there'),
  hasPassphrase: z.boolean(),
  isUnlocked: z.boolean().describe('whether NKVM holds a key that decrypts the archives there'),
  kitStoredAt: z.iso
    .datetime()
    .nullable()
    .describe('when a person confirmed that the recovery kit is stored; null: not yet'),
});
export type DestinationEncryption = z.infer<typeof DestinationEncryption>;

/** Whether archives can be deleted there with the credentials that NKVM has. */
export const AppendOnly = z.strictObject({
  result: z.enum(['protected', 'deletable', 'undetermined']),
  message: z.string(),
  at: z.iso.datetime(),
});
export type AppendOnly = z.infer<typeof AppendOnly>;

export const Destination = z.strictObject({
  name: DestinationName,
  kind: DestinationKind,
  isDefault: z.boolean().describe('used by backups that do not name a destination'),
  isRequired: z.boolean().describe('a backup is a success only with a copy there'),
  isInsecure: z
    .boolean()
    .describe(
      'its connection has no TLS, or its settings turn off the check of a certificate or of a host key'
    ),
  state: DestinationState,
  location: z
    .string()
    .nullable()
    .describe('where it is, without credentials; null without `get destinations.nkvm.io`'),
  problem: DestinationProblem.nullable().describe('null: none, or without that right'),
  retryAt: z.iso.datetime().nullable().describe('while `paused`: the time of the next attempt'),
  lastProvenAt: z.iso.datetime().nullable().describe('when an archive there was last proven'),
  lastReadBackAt: z.iso
    .datetime()
    .nullable()
    .describe('when an archive there was last read again completely'),
  freeBytes: z.int().min(0).nullable().describe('null: the storage does not say'),
  catalog: Catalog.nullable().describe('null: not read yet'),
  catalogProblem: DestinationProblem.nullable(),
  encryption: DestinationEncryption.nullable().describe('null: archives are stored as they are'),
  appendOnly: AppendOnly.nullable().describe('null: not checked yet'),
});
export type Destination = z.infer<typeof Destination>;

export const DestinationList = z.strictObject({
  destinations: z.array(Destination).describe('`local` first, then by name'),
  mayManage: z.boolean().describe('whether the caller has `update destinations.nkvm.io`'),
  limits: metLimits,
});
export type DestinationList = z.infer<typeof DestinationList>;

/** The archives of one volume at a destination. */
export const VolumeShare = z.strictObject({
  cluster: z.string(),
  namespace: z.string(),
  name: z.string(),
  archives: z.int().min(1),
  bytes: z.int().min(0),
  newestAt: z.iso.datetime(),
});
export type VolumeShare = z.infer<typeof VolumeShare>;

export const DestinationDetails = z.strictObject({
  destination: Destination,
  volumes: z.array(VolumeShare).describe('the volumes with the most bytes first, 200 at most'),
  limits: metLimits,
});
export type DestinationDetails = z.infer<typeof DestinationDetails>;

export const CheckStep = z.strictObject({
  step: z.enum(CHECK_STEPS),
  state: z.enum(['passed', 'failed', 'skipped']),
  durationMs: z.int().min(0),
  detail: z.string().describe('details, e.g. the address or the certificate; can be empty'),
  problem: DestinationProblem.nullable().describe('of the step that failed'),
});
export type CheckStep = z.infer<typeof CheckStep>;

/** An identity that a server showed and that no person has confirmed yet. */
export const ShownHostKey = z.strictObject({
  fingerprint: z.string().describe('as ssh-keygen -l shows it, e.g. SHA256:…'),
  knownHosts: z.string().describe('the line for the key `knownHosts` of the Secret'),
});
export type ShownHostKey = z.infer<typeof ShownHostKey>;

/** A test that does everything that a backup does: it writes, reads back, renames and deletes a small file. */
export const DestinationCheck = z.strictObject({
  passed: z.boolean(),
  at: z.iso.datetime(),
  steps: z.array(CheckStep).describe('in their order; the ones after a failure are skipped'),
  hostKey: ShownHostKey.nullable().describe('where the host key is not known yet, or has changed'),
});
export type DestinationCheck = z.infer<typeof DestinationCheck>;

/** Settings as the data of the Secret, to be checked before it exists. They are not kept. */
export const CheckSettings = z.strictObject({
  name: DestinationName,
  kind: z.enum(DESTINATION_KINDS),
  settings: z.record(z.string().max(253), z.string().max(100_000)),
});
export type CheckSettings = z.infer<typeof CheckSettings>;

/** A key that decrypts what is stored at a destination. NKVM keeps it in memory until it stops or is locked again. */
export const UnlockDestination = z
  .strictObject({
    identity: z.string().max(10_000).optional().describe('AGE-SECRET-KEY-1…, one or more lines'),
    passphrase: z.string().min(1).max(1_000).optional(),
    isEarlier: z
      .boolean()
      .optional()
      .describe('it decrypts archives that were encrypted for other keys than the present ones'),
  })
  .refine(({ identity, passphrase }) => (identity === undefined) !== (passphrase === undefined), {
    error: 'takes either `identity` or `passphrase`',
  })
  .meta({ oneOf: [{ required: ['identity'] }, { required: ['passphrase'] }] });
export type UnlockDestination = z.infer<typeof UnlockDestination>;

/** Whether NKVM can read what is encrypted at a destination. */
export const DestinationLock = z.strictObject({ isUnlocked: z.boolean() });
export type DestinationLock = z.infer<typeof DestinationLock>;

/** Everything that a person needs to read the archives without NKVM, except the secret key, which the person adds. */
export const RecoveryKit = z.strictObject({
  text: z.string().describe('plain text, to be printed or stored'),
  fileName: z.string(),
});
export type RecoveryKit = z.infer<typeof RecoveryKit>;

/** Asks for a copy of a backup at another destination. */
export const StartCopy = z.strictObject({ destination: DestinationName });
export type StartCopy = z.infer<typeof StartCopy>;
