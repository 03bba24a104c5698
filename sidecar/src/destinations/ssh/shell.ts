import type { ClientChannel } from 'ssh2';
import { StageError } from '../../errors.ts';
import type { Link, SshCall } from './connection.ts';

/** The output of a command. */
export interface Said {
  /** Exit code; null when a signal ended it, or nothing was said. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Longest output that is kept. */
const KEPT_CHARACTERS = 64 * 1024;

/** @returns the text as one word of a shell: of sh, bash, zsh, ksh, fish and csh alike. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * @param script for `sh`, in one line and without `'` and `!`, so that every login shell passes it on
 * @param words its `$1`, `$2`, …; they may hold anything but line breaks
 * @returns the command for the login shell of the user, whichever that is
 */
export const commandOf = (script: string, words: readonly string[]): string =>
  ['sh', '-c', quoted(script), 'nkvm', ...words.map(quoted)].join(' ');

/** Starts a command. @throws StageError, or an error of ssh2's when the server refuses the channel or the command */
export const start = (link: Link, call: SshCall, command: string): Promise<ClientChannel> =>
  link.call<ClientChannel>(call, done =>
    link.client.exec(command, (error, channel) => {
      // Without a listener a channel that fails would end the process.
      channel?.on('error', () => undefined);
      channel?.stderr.on('error', () => undefined);
      done(error, channel);
    })
  );

/** Waits until a command has ended, and collects what it says. @param ignoreStdout somebody else reads it */
export function collect(
  link: Link,
  call: SshCall,
  channel: ClientChannel,
  { ignoreStdout = false } = {}
): Promise<Said> {
  const said: Said = { code: null, stdout: '', stderr: '' };
  const add = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
    if (said[name].length < KEPT_CHARACTERS) said[name] += chunk.toString('utf8');
  };
  if (!ignoreStdout) channel.on('data', add('stdout'));
  channel.stderr.on('data', add('stderr'));
  return link
    .call<Said>(call, done =>
      // It may have ended before anybody listened to `exit`; `close` comes only when all is read.
      channel.once('close', (code?: number | null) => {
        said.code = code ?? null;
        done(undefined, said);
      })
    )
    .catch(error => {
      channel.close();
      throw error;
    });
}

/** Runs a command that reads nothing, to its end. @throws as `start` does; its exit code is no error */
export async function run(
  link: Link,
  call: SshCall,
  script: string,
  words: readonly string[]
): Promise<Said> {
  const channel = await start(link, call, commandOf(script, words));
  const said = collect(link, call, channel);
  channel.end();
  return await said;
}

/**
 * Prints the SHA-256 of a file with whichever program there is. `$1`: its path. openssl comes first: with the instructions that
 * processors have for it, it takes a quarter of the time of sha256sum before coreutils 9.5.
 */
const SUM = [
  'LC_ALL=C; export LC_ALL',
  'has() { command -v "$1" >/dev/null 2>&1; }',
  'if has openssl && openssl dgst -sha256 -r <"$1" 2>/dev/null; then :',
  'elif has sha256sum; then sha256sum <"$1"',
  'elif has shasum; then shasum -a 256 <"$1"',
  'elif has sha256; then sha256 -q <"$1"',
  'else exit 9; fi',
].join('; ');

const OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** A server that takes commands and runs SFTP instead says nothing at all. */
const PROBE_MS = 10_000;

/** @returns the SHA-256 that the server computes of its file; undefined when it cannot, or does not find the file */
export async function sumOnServer(
  link: Link,
  call: SshCall,
  path: string
): Promise<string | undefined> {
  try {
    const { code, stdout } = await run(link, { ...call, quietMs: Infinity }, SUM, [path]);
    return code === 0 ? /\b[0-9a-f]{64}\b/.exec(stdout)?.[0] : undefined;
  } catch (error) {
    if (error instanceof StageError || call.signal?.aborted) throw error;
    return undefined; // it refuses commands
  }
}

/** @returns whether the server runs commands for this user, and computes SHA-256 with one. */
export async function canSum(link: Link, call: SshCall): Promise<boolean> {
  const limit = AbortSignal.timeout(PROBE_MS);
  const signal = call.signal ? AbortSignal.any([call.signal, limit]) : limit;
  try {
    return (await sumOnServer(link, { ...call, signal }, '/dev/null')) === OF_NOTHING;
  } catch (error) {
    if (call.signal?.aborted || error instanceof StageError) throw error;
    return false; // no answer in time
  }
}
