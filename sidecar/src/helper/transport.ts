import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Transport as TransportName } from '../../api/index.ts';
import type { Digest } from '../archive/digest.ts';
import type { RunningCommand } from '../cluster/gateway/exec.ts';
import { StageError, textOf } from '../errors.ts';
import type { Helper } from './helper.ts';
import type { LeaveOut } from './leaveOut.ts';
import { BY_RULE } from './leaveOut.ts';
import type { PackLevel } from './pack/packCommand.ts';
import {
  indexCommand,
  packCommand,
  patternsCommand,
  sealCommand,
  snapshotCommand,
  WORKING,
} from './pack/packCommand.ts';
import type { PodSeal } from './seal.ts';
import { readSeal } from './seal.ts';

/** The pod's own account of a stream that has ended. */
export interface Sent {
  /** Exit code of the packing command, as the API server told it. */
  podExit: number;
  /** The last lines of its standard error. */
  stderr: string;
  /** Missing only where the command failed. */
  sealed: PodSeal | undefined;
}

/** How an archive travels, as the run records it. */
export interface Route {
  transport: TransportName;
  /** Why that way: a sentence. */
  transportReason: string;
}

/** An archive on its way out of a helper pod. */
export interface Delivery {
  /** The `.tar.gz`. Its end proves nothing: only the seal does. */
  body: Readable;
  route: Route;
  /** To be called when `body` has ended. @throws StageError, or the error of a connection that broke. */
  sent(): Promise<Sent>;
  /** The index, where the seal says that there is one. Its end proves nothing, either. @throws StageError, ApiFailure. */
  index(): Promise<Readable>;
  /** The snapshot file, in the same way. */
  snapshot(): Promise<Readable>;
}

export interface DeliveryOptions {
  level: PackLevel;
  /** Name of the archive, which its index tells. */
  archive: string;
  /** Default: what is left out by rule. */
  leaveOut?: LeaveOut;
  /** How many compressors may run beside each other in the pod, where the archive does not travel through the API server. */
  compressors?: number | undefined;
  /** The archive becomes a link of a chain; see `chainCommand`. */
  isLink?: boolean;
  /** tar reads holes as zeros, so that it reads data that uses no block. */
  readsHoles?: boolean;
  /** Is called every 15 s while tar gets on, also while nothing comes out. */
  onWorking(): void;
}

/** How an archive gets from a helper pod to NKVM. */
export interface Transport {
  /** Starts to pack. @throws StageError (stage `exec`). */
  deliver(helper: Helper, options: DeliveryOptions): Promise<Delivery>;
}

/** The route where helpers have no other one. */
export const EXEC_ROUTE: Route = {
  transport: 'exec',
  transportReason: 'NKVM_PUSH_PORT is not set',
};

const SEAL_MS = 60_000;

/**
 * Over the API server: the packing command's standard output, and then a second command that reads the seal.
 * @param transportReason why this way: a sentence for the record
 */
export const execBecause = (transportReason: string): Transport => ({
  async deliver(helper, options) {
    const packing = await helper.exec(...(await packingOf(helper, options, false)));
    packing.exit.catch(() => undefined); // `sent` waits for it, when the body has ended
    const route: Route = { transport: 'exec', transportReason };
    return { body: packing.stdout, route, ...afterwards(helper, packing) };
  },
});

export const execTransport = execBecause(EXEC_ROUTE.transportReason);

/**
 * Sends what the packing command needs besides.
 * @param isDirect a program that comes over its input takes the archive; see pack/load.cjs
 * @returns the command and how it is run, for every transport. @throws StageError (stage `exec`), ApiFailure.
 */
export async function packingOf(
  helper: Helper,
  {
    level,
    archive,
    leaveOut = BY_RULE,
    compressors,
    isLink,
    readsHoles,
    onWorking,
  }: DeliveryOptions,
  isDirect: boolean
): Promise<[command: string[], options: { onStderr(text: string): void }]> {
  if (leaveOut.patterns.length > 0) await sendPatterns(helper, leaveOut.patterns);
  return [
    packCommand(level, archive, leaveOut, { isDirect, compressors, isLink, readsHoles }),
    { onStderr: text => void (text.includes(WORKING) && onWorking()) },
  ];
}

/**
 * @returns what is asked for when the archive has left the pod: it travels in commands of its own. A small file comes with the
 *   seal.
 */
export const afterwards = (
  helper: Helper,
  { exit, stderrTail }: Pick<RunningCommand, 'exit' | 'stderrTail'>
): Pick<Delivery, 'sent' | 'index' | 'snapshot'> => {
  let shown: ShownSeal | undefined;
  const file = async (
    begin: Buffer | undefined,
    sealed: Digest | undefined,
    command: string[]
  ): Promise<Readable> => {
    // Its digest says whether all of it has come.
    if (begin && begin.length === sealed?.bytes) return Readable.from([begin]);
    const { stdout, exit } = await helper.exec(command);
    exit.catch(() => undefined);
    return stdout;
  };
  return {
    async sent() {
      const podExit = await exit;
      const stderr = stderrTail().replaceAll(WORKING, '');
      if (podExit === 0) shown = await sealOf(helper);
      return { podExit, stderr, sealed: shown?.sealed };
    },
    index() {
      const sealed = shown?.sealed.index;
      const digest = typeof sealed === 'object' ? sealed : undefined;
      return file(shown?.index, digest, indexCommand());
    },
    snapshot: () =>
      file(shown?.snapshot, shown?.sealed.link.snapshot ?? undefined, snapshotCommand()),
  };
};

/** Puts patterns where the packing command finds them. @throws StageError (stage `exec`), ApiFailure. */
export async function sendPatterns(helper: Helper, patterns: readonly string[]): Promise<void> {
  const text = patterns.map(pattern => `${pattern}\n`).join('');
  const sha256 = createHash('sha256').update(text).digest('hex');
  const signal = AbortSignal.timeout(SEAL_MS);
  const fed = await helper.feed(patternsCommand(sha256), { signal });
  fed.stdout.resume();
  fed.stdin.on('error', () => undefined); // the exit code says what came of it
  fed.stdin.end(text);
  const exitCode = await fed.exit.catch((error: unknown) => textOf(error));
  if (exitCode === 0) return;
  throw new StageError(
    'exec',
    'PackFailed',
    `the patterns of nkvm.io/exclude did not arrive in helper pod ${helper.namespace}/${
      helper.pod
    }: ${fed.stderrTail().trim() || `the command ended with ${exitCode}`}`,
    'start a new backup; if it happens again, check that the kubelet of the helper’s node answers the API server',
    'transient'
  );
}

/** A seal, and the beginnings of the files that the pod has made beside the archive: all of one that is small. */
interface ShownSeal {
  sealed: PodSeal;
  index: Buffer;
  snapshot: Buffer;
}

/** @throws StageError (stage `checksum`) when there is no seal, or the pod is not the one that was ready. */
async function sealOf(helper: Helper): Promise<ShownSeal> {
  try {
    const answer = await helper.execToEnd(sealCommand(), { timeoutMs: SEAL_MS });
    if (answer.exitCode !== 0) {
      throw new Error(answer.stderr.trim() || `the command ended with ${answer.exitCode}`);
    }
    await helper.checkIsOurs();
    const [index = '', snapshot = '', ...seal] = answer.stdout.split('\n');
    return {
      sealed: readSeal(seal.join('\n')),
      index: Buffer.from(index, 'base64'),
      snapshot: Buffer.from(snapshot, 'base64'),
    };
  } catch (error) {
    if (error instanceof StageError) throw error;
    throw new StageError(
      'checksum',
      'SealMissing',
      `the seal of helper pod ${helper.namespace}/${helper.pod} cannot be read: ${textOf(error)}`,
      'start a new backup: without the seal nothing proves that the archive is complete',
      'transient',
      { cause: error }
    );
  }
}
