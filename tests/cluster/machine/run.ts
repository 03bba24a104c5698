import { spawn, spawnSync } from 'node:child_process';

export interface RunOptions {
  input?: string | Buffer;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

/**
 * Runs a program to its end.
 * @returns what it wrote to stdout.
 * @throws Error with the command and the end of its stderr when it is missing or exits with another code than 0.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): string {
  const ended = spawnSync(command, args, { maxBuffer: 256 << 20, encoding: 'utf8', ...options });
  if (ended.error) throw new Error(`${command}: ${ended.error.message}`, { cause: ended.error });
  if (ended.status !== 0) {
    const said = (ended.stderr || ended.stdout).trim().slice(-2000);
    const how = ended.signal ?? `exit code ${ended.status}`;
    throw new Error(`${[command, ...args].join(' ').slice(0, 300)}: ${how}: ${said}`);
  }
  return ended.stdout;
}

/** @returns whether the program ran and ended with code 0. */
export const succeeds = (command: string, args: readonly string[], options?: RunOptions): boolean =>
  spawnSync(command, args, { stdio: 'ignore', ...options }).status === 0;

export const isOnPath = (program: string): boolean =>
  succeeds('sh', ['-c', 'command -v "$0"', program]);

/** Runs a program to its end, and copies its output to stderr meanwhile. @throws as `run` does. */
export async function runAloud(
  command: string,
  args: readonly string[],
  options: Omit<RunOptions, 'input'> = {}
): Promise<void> {
  const code = await new Promise((resolve, reject) =>
    spawn(command, args, { stdio: ['ignore', process.stderr, 'inherit'], ...options })
      .on('error', reject)
      .on('exit', (status, signal) => resolve(status ?? signal))
  );
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ended with ${code}, see above`);
}

/** Tells the person who waits what is being done. Stdout stays free for results. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** @returns the text of whatever was thrown. */
export const textOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
