import type { Duplex } from 'node:stream';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RestoreMode } from '../../../api/restores.ts';
import { hashAndCount } from '../../archive/digest.ts';
import type { FedCommand } from '../../cluster/gateway/exec.ts';
import { StageError, textOf } from '../../errors.ts';
import { within } from '../../within.ts';
import type { Helper } from '../helper.ts';
import { linesIn } from '../linesIn.ts';
import { answerWith, fetchedBy, fetchLine, fetchNews } from '../push/fetched.ts';
import type { Connection, PushListener } from '../push/listener.ts';
import type { Route } from '../transport.ts';
import { EXEC_ROUTE } from '../transport.ts';
import type { Job } from './program/job.ts';
import {
  NEWS,
  OTHERS_ARRIVED,
  prepareCommand,
  resultCommand,
  UNFIT,
  unpackCommand,
} from './unpackCommand.ts';
import { UnpackFailure } from './unpackFailure.ts';
import type { Unpacked } from './unpackOutcome.ts';
import { unpackOutcome } from './unpackOutcome.ts';
import type { UnpackProgram } from './unpackProgram.ts';
import { unpackProgram } from './unpackProgram.ts';
import { UnpackResult } from './unpackResult.ts';

/** One archive of a chain, when it was made. */
export interface LinkSize {
  rawBytes: number;
  files: number;
}

export interface UnpackRequest {
  /** `new` and `empty` refuse a volume that holds anything but `lost+found`. */
  mode: RestoreMode;
  /** `gzip`: the archive itself; `tar`: some of its entries, unpacked, complete with the end of a tar. */
  encoding: 'gzip' | 'tar';
  /** The archive when it was made: size of its tar, entries, and SHA-256 of `body`. */
  expected: { rawBytes?: number; files?: number; sha256?: string };
  /**
   * The body is several archives, newest first: an increment, and those that it needs. Size of the tar and entries of each.
   * `expected.sha256` is that of all together; `rawBytes` and `files` are not used.
   */
  links?: readonly LinkSize[] | undefined;
  /** Where the size of the tar is not known: more is refused. */
  maxRawBytes?: number;
  /** The body holds some of a volume's entries: no others are looked at, and the root stays as it is. */
  isSelection: boolean;
  /** Entries that the backup left out besides those that every backup leaves out; mode `mirror` does not delete it. */
  patterns?: readonly string[] | undefined;
}

export interface UnpackOptions {
  signal: AbortSignal;
  /** @param bytes of `body` that were sent so far */
  onProgress(bytes: number): void;
  /** Is called every 15 s while the pod gets on, also while it takes nothing. */
  onWorking(): void;
  onPhase(phase: 'write' | 'compare'): void;
  /** Is told how the archive travels, before its first byte does. */
  onRoute?(route: Route): void;
  /** Where the pod may fetch the archive; a text says why it may not. Default: over exec. */
  push?: PushListener | string | undefined;
}

const RESULT_MS = 60_000;

/**
 * Sends `body` to the pod, which unpacks it into the volume and then compares the volume with what it received, see
 * docs/reference/restore-checks.md.
 * @throws StageError, mostly an `UnpackFailure`. The volume may hold a part of the archive then.
 */
export async function unpackInto(
  helper: Helper,
  request: UnpackRequest,
  body: Readable,
  { signal, onProgress, onWorking, onPhase, onRoute, push }: UnpackOptions
): Promise<Unpacked> {
  const { encoding, expected, patterns } = request;
  const program = unpackProgram(patterns);
  await prepareUnpack(helper, program, signal);
  const mayFetch = typeof push === 'object';
  const command = unpackCommand(program, encoding, jobOf(request), mayFetch ? 'pull' : 'hash');
  const fed = await helper.feed(command, { signal });
  fed.exit.catch(() => undefined); // it is waited for when all was sent
  const news = fetchNews(fed.exit);
  const hear = linesIn(line => {
    onWorking();
    if (line === NEWS.comparing) onPhase('compare');
    news.line(line);
  });
  fed.stdout.setEncoding('utf8').on('data', hear);
  const connection = mayFetch ? await fetching(push) : undefined;
  if (!mayFetch)
    onRoute?.(push === undefined ? EXEC_ROUTE : { ...EXEC_ROUTE, transportReason: push });
  onPhase('write');
  const counting = hashAndCount(onProgress);
  const ended = connection
    ? await answerWith(connection, { body, counting, fed, news, signal })
    : await sendAll(fed, body, counting, signal);
  const where = `helper pod ${helper.namespace}/${helper.pod}`;
  if (ended.exitCode === undefined) throw sendBroke(where, ended, connection !== undefined);
  const result = await resultOf(helper, ended.exitCode, fed.stderrTail().trim());
  if (ended.error !== undefined && !result.refused && result.errors === 0) {
    throw sendBroke(where, ended, connection !== undefined);
  }
  return unpackOutcome({
    sent: ended.error === undefined ? counting.digest() : undefined,
    expectedSha256: expected.sha256,
    result,
    where,
  });

  /** @returns the connection of the pod, where there is one. */
  async function fetching(listener: PushListener): Promise<Connection | undefined> {
    const invited = listener.invite({
      pod: `${helper.namespace}/${helper.pod}`,
      addresses: helper.addresses(),
      direction: 'fetch',
    });
    fed.stdin.on('error', () => undefined); // the end of the command says more
    fed.stdin.write(fetchLine(invited.invitation));
    const { connection, route } = await within(signal, fetchedBy(listener, invited, news));
    if (connection) fed.stdin.end();
    onRoute?.(route);
    return connection;
  }
}

/** @returns the task of the program in the pod. */
export const jobOf = ({
  mode,
  expected: { rawBytes, files, sha256 },
  links,
  maxRawBytes,
  isSelection,
}: UnpackRequest): Job => ({
  mode,
  isSelection,
  expected: {
    ...(rawBytes !== undefined && { rawBytes }),
    ...(files !== undefined && { files }),
    ...(sha256 !== undefined && { sha256 }),
  },
  ...(links !== undefined && {
    links: links.map(({ rawBytes, files }) => ({ rawBytes, files })),
  }),
  ...(maxRawBytes !== undefined && { maxRawBytes }),
});

/** Gives the pod the program, and learns whether its image can run it. @throws StageError */
export async function prepareUnpack(
  helper: Helper,
  program: UnpackProgram,
  signal: AbortSignal
): Promise<void> {
  const fed = await helper.feed(prepareCommand(program), { signal });
  fed.stdout.resume();
  const ended = await sendAll(fed, Readable.from([program.tar]), new PassThrough(), signal);
  const where = `helper pod ${helper.namespace}/${helper.pod}`;
  const stderr = fed.stderrTail().trim();
  if (ended.exitCode === UNFIT) {
    throw new UnpackFailure(
      [
        'exec',
        'HelperImageUnfit',
        stderr.split('\n').at(-1) ?? '',
        'set NKVM_HELPER_IMAGE to the image of this version of NKVM',
        'needs-action',
      ],
      { hasWritten: false }
    );
  }
  if (ended.exitCode === 0) return;
  throw new UnpackFailure(
    [
      'exec',
      'PrepareFailed',
      `the program that unpacks did not arrive in ${where}: ${
        ended.exitCode === OTHERS_ARRIVED ? 'another program did' : stderr || textOf(ended.error)
      }`,
      'nothing to do: NKVM tries again; if it happens again, check the API server and the kubelet of that node',
      'transient',
    ],
    { hasWritten: false },
    { cause: ended.error }
  );
}

/** How a command ended. */
interface End {
  /** Undefined when the connection broke. */
  exitCode: number | undefined;
  /** Why not all could be sent; undefined when all was. */
  error: unknown;
}

/** Sends all of `body` and waits for the end of the command. @throws what `body` or the signal says. */
async function sendAll(
  fed: FedCommand,
  body: Readable,
  through: Duplex,
  signal: AbortSignal
): Promise<End> {
  const abort = (): void => fed.abort();
  signal.addEventListener('abort', abort);
  fed.exit.catch(() => undefined);
  // A command that has ended already has closed its input; its exit code says why.
  let broken: 'body' | 'command' | undefined = fed.stdin.destroyed ? 'command' : undefined;
  fed.stdin.once('error', () => (broken ??= 'command'));
  body.once('error', () => {
    broken ??= 'body';
    if (broken === 'body') fed.abort(); // the end of the input would look like the end of the archive
  });
  try {
    let error: unknown;
    await pipeline(body, through, fed.stdin, { signal }).catch(reason => (error = reason));
    signal.throwIfAborted();
    if (error !== undefined && broken !== 'command') {
      fed.abort();
      throw error;
    }
    const exitCode = await fed.exit.catch(() => undefined);
    signal.throwIfAborted();
    return { exitCode, error };
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** @throws StageError when there is none, or the pod is not the one that was ready. */
export async function resultOf(
  helper: Helper,
  exitCode: number,
  stderr: string
): Promise<UnpackResult> {
  const where = `helper pod ${helper.namespace}/${helper.pod}`;
  if (exitCode !== 0) {
    throw new UnpackFailure([
      'exec',
      'UnpackFailed',
      `the unpacking command in ${where} ended with exit code ${exitCode}: ${
        stderr.split('\n').findLast(line => /error/i.test(line)) || stderr || 'it wrote nothing'
      }`,
      'if it happens again, give helpers more memory with NKVM_HELPER_MEMORY_LIMIT',
      'unknown',
    ]);
  }
  try {
    const answer = await helper.execToEnd(resultCommand(), { timeoutMs: RESULT_MS });
    if (answer.exitCode !== 0) throw new Error(answer.stderr.trim() || 'cat failed');
    await helper.checkIsOurs();
    return UnpackResult.parse(JSON.parse(answer.stdout));
  } catch (error) {
    if (error instanceof StageError) throw error;
    throw new UnpackFailure(
      [
        'checksum',
        'ResultMissing',
        `the result of ${where} cannot be read: ${textOf(error)}`,
        'nothing to do: NKVM tries again, because without the result nothing proves that the volume is complete',
        'transient',
      ],
      {},
      { cause: error }
    );
  }
}

function sendBroke(where: string, { error }: End, isFetched: boolean): UnpackFailure {
  const why = error === undefined ? 'it ended without an exit code' : textOf(error);
  return isFetched
    ? new UnpackFailure(
        [
          'copy',
          'PushBroke',
          `the connection that ${where} had opened to NKVM broke: ${why}`,
          'nothing to do: NKVM tries again through the API server; if it happens again, check the network between that node and NKVM, or unset NKVM_PUSH_PORT',
          'transient',
        ],
        {},
        { cause: error }
      )
    : new UnpackFailure(
        [
          'copy',
          'SendBroke',
          `the connection to ${where} broke: ${why}`,
          'nothing to do: NKVM tries again; if it happens again, check the API server and the kubelet of that node',
          'transient',
        ],
        {},
        { cause: error }
      );
}
