import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type {
  CheckStep,
  DestinationCheck,
  DestinationProblem,
  ShownHostKey,
} from '../../../api/index.ts';
import { CHECK_STEPS } from '../../../api/index.ts';
import type { ArchiveForm } from '../../archive/name.ts';
import { StageError, textOf } from '../../errors.ts';
import { within } from '../../within.ts';
import { archiveMissing } from '../common/refusals.ts';
import type { Destination, Staged } from '../destination.ts';
import type { Probe } from '../kind.ts';
import { HostKeyError } from '../kind.ts';
import { sizeText } from '../size.ts';
import { scrubbed, scrubbedError } from './scrub.ts';

/** The steps of a check. */
export interface Checked {
  name: string;
  /** The faults of the settings; undefined: they can be used. */
  invalid: StageError | undefined;
  /** The steps on the way to the server. */
  probes: readonly Probe[];
  /** The code that made it closes it. Not asked for when an earlier step fails. */
  open(): Destination;
  archiveForm: ArchiveForm;
  /** The installation: a file that a check could not remove is swept by its own installation only. */
  owner: string;
  /** Texts that nothing may show. */
  secrets: readonly string[];
}

export interface CheckOptions {
  now(): Date;
  signal?: AbortSignal | undefined;
  /** How long a step may take. */
  stepMs?: number;
}

type StepName = (typeof CHECK_STEPS)[number];

/** A step of what follows the way to the server. @returns what was seen */
type Act = (signal: AbortSignal) => Promise<string>;

const STEP_MS = 30_000;

/** How long the probe's removal may take after a failure. */
const TIDY_MS = 15_000;

/** More than one chunk of an encrypted file, and not a round number. */
const PROBE_BYTES = 70_001;
const RANGE = { start: 65_530, end: 65_549 };

/** @returns what the names of the files of checks begin with, which are no archives. */
export const probePrefix = (owner: string): string => `nkvm-check-${owner}-`;

export const newProbe = (owner: string): string => `${probePrefix(owner)}${randomUUID()}`;

/**
 * Does all that a backup does, with a small file, step by step. The steps after one that fails are skipped. The file is
 * removed in any case, where the storage allows that. Nothing that it does counts as a failure of the destination.
 */
export async function checkDestination(
  checked: Checked,
  { now, signal, stepMs = STEP_MS }: CheckOptions
): Promise<DestinationCheck> {
  const { name, invalid, probes, secrets } = checked;
  const at = now().toISOString();
  const results = new Map<StepName, CheckStep>();
  let hostKey: ShownHostKey | null = null;
  let hasFailed = false;

  const take = async (step: StepName, act: Act): Promise<void> => {
    if (hasFailed) return;
    const began = performance.now();
    const durationMs = () => Math.round(performance.now() - began);
    const late = AbortSignal.timeout(stepMs);
    const both = signal ? AbortSignal.any([signal, late]) : late;
    try {
      const detail = scrubbed(await within(both, act(both)), secrets);
      results.set(step, { step, state: 'passed', durationMs: durationMs(), detail, problem: null });
    } catch (error) {
      signal?.throwIfAborted();
      hasFailed = true;
      if (error instanceof HostKeyError) ({ hostKey } = error);
      const clean = scrubbedError(late.aborted ? stepTimedOut(name, step, stepMs) : error, secrets);
      const problem = problemOf(clean, name);
      results.set(step, { step, state: 'failed', durationMs: durationMs(), detail: '', problem });
    }
  };

  await take('settings', async () => {
    if (invalid) throw invalid;
    return '';
  });
  for (const { step, run } of probes) await take(step, run);
  if (!hasFailed) await writeAndRead(checked, take);

  const steps = CHECK_STEPS.map(
    (step): CheckStep =>
      results.get(step) ?? { step, state: 'skipped', durationMs: 0, detail: '', problem: null }
  );
  return { passed: !hasFailed, at, steps, hostKey };
}

/** The steps of a backup with an archive, in the order that this storage allows. */
async function writeAndRead(
  { open, archiveForm, owner }: Checked,
  take: (step: StepName, act: Act) => Promise<void>
): Promise<void> {
  const destination = open();
  const key = `${newProbe(owner)}${archiveForm === 'tar.gz.age' ? '.age' : ''}`;
  const sent = randomBytes(PROBE_BYTES);
  let staged: Staged | undefined;
  let mayBeThere = false;
  const there = () => {
    if (!staged) throw new Error('nothing is staged');
    return staged;
  };
  const steps = {
    space: async (one: AbortSignal) => {
      const free = await destination.freeBytes({ signal: one });
      return free === undefined ? 'the storage does not say' : `${sizeText(free)} free`;
    },
    write: async (one: AbortSignal) => {
      const body = Readable.from([sent]);
      staged = await destination.stage(key, body, { signal: one, expectedBytes: sent.length });
      if (staged.bytes !== sent.length) throw differs(destination, key);
      return sizeText(staged.bytes);
    },
    'read-back': async (one: AbortSignal) => {
      const { body } = await there().readBack({ signal: one });
      if (!sent.equals(await buffer(body))) throw differs(destination, key);
      const confirmed = await there().confirm({ signal: one });
      return confirmed?.by ?? '';
    },
    rename: async (one: AbortSignal) => {
      mayBeThere = true;
      await there().publish({ signal: one });
      if (!(await destination.stat(key, { signal: one })))
        throw archiveMissing(destination.locate(key));
      return '';
    },
    range: async (one: AbortSignal) => {
      const part = await buffer(await destination.open(key, { range: RANGE, signal: one }));
      if (!sent.subarray(RANGE.start, RANGE.end + 1).equals(part)) throw differs(destination, key);
      return '';
    },
    delete: async (one: AbortSignal) => {
      try {
        await destination.remove(key, { signal: one });
      } catch (error) {
        if (!isProtected(error)) throw error;
        mayBeThere = false; // it cannot be removed
        return `refused: files there cannot be deleted with these credentials; ${key} stays`;
      }
      if (await destination.stat(key, { signal: one })) throw notDeleted(destination, key);
      mayBeThere = false;
      return '';
    },
  };
  const order: (keyof typeof steps)[] = destination.provesAfterPublish
    ? ['space', 'write', 'rename', 'read-back', 'range', 'delete']
    : ['space', 'write', 'read-back', 'rename', 'range', 'delete'];
  try {
    for (const step of order) await take(step, steps[step]);
  } finally {
    const signal = AbortSignal.timeout(TIDY_MS);
    const tidy = async () => {
      await staged?.discard({ signal });
      if (mayBeThere) await destination.remove(key, { signal });
    };
    await within(signal, tidy()).catch(() => undefined); // the step that failed is what counts
  }
}

/** Rights that do not let anything be deleted are as good as any where only backups are stored. */
export const isProtected = (error: unknown): boolean =>
  error instanceof StageError && PROTECTED.has(error.reason);

const PROTECTED = new Set([
  ...['DestinationReadOnly', 'DestinationNotWritable', 'ArchiveProtected'],
  'NotOffered', // a server that stores for good may not know the request at all
]);

/** @returns an error as the API shows it. */
export function problemOf(error: unknown, name: string): DestinationProblem {
  if (error instanceof StageError) {
    const { stage, reason, message, hint } = error;
    return { stage, reason, message, hint, failureClass: error.class };
  }
  return {
    stage: 'copy',
    reason: 'DestinationFailed',
    message: `destination ${name} does not work: ${textOf(error).slice(0, 300)}`,
    hint: 'see the log of NKVM and that of the server',
    failureClass: 'unknown',
  };
}

const stepTimedOut = (name: string, step: string, ms: number): StageError =>
  new StageError(
    'copy',
    'DestinationTimedOut',
    `destination ${name} did not answer within ${ms / 1000} s (step ${step})`,
    'check the server, and firewalls and NetworkPolicies on the way',
    'transient'
  );

const differs = ({ location }: Destination, key: string): StageError =>
  new StageError(
    'checksum',
    'ReadBackDiffers',
    `destination ${location} returns other bytes of ${key} than were written`,
    'see the log of the server and its disk; use the destination when the server returns the bytes that were written',
    'needs-action'
  );

const notDeleted = ({ location }: Destination, key: string): StageError =>
  new StageError(
    'cleanup',
    'DestinationFailed',
    `destination ${location} reported that ${key} was deleted, but still has it`,
    'see the log of the server',
    'unknown'
  );
