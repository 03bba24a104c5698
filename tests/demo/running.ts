import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../cluster/support/until.ts';

/** A demo as `npm run demo` starts it. */
export interface RunningDemo {
  /** The only directory where it may put temporary files. */
  files: string;
  /** Waits until it has said this. @throws Error with all that it has said when it ends before. */
  says(what: RegExp): Promise<RegExpExecArray>;
  /** Presses Enter. */
  pressEnter(): void;
  kill(signal: NodeJS.Signals): void;
  /** Waits for its end. @returns what it wrote to stderr, and its exit code; null when a signal ended it. */
  end(): Promise<{ code: number | null; stderr: string }>;
  /** Waits until none of its files is left. */
  isGone(): Promise<unknown>;
  /** Ends it, however far it is, and removes its directory. */
  remove(): Promise<void>;
}

const LIMIT_MS = 120_000;

/** @param env differs from this process's. */
export function startDemo(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningDemo {
  const files = mkdtempSync(join(tmpdir(), 'demo-test-'));
  const main = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...env, TMPDIR: files },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', text => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', text => (said.stderr += text));
  let isOver = false;
  const closed = once(child, 'close').then(([code]) => {
    isOver = true;
    return { code: code as number | null, stderr: said.stderr };
  });
  const isGone = () =>
    until(`${files} is empty`, () => readdirSync(files).length === 0 || undefined, 20_000);
  return {
    files,
    async says(what) {
      const found = await until(
        `the demo says ${what}`,
        () => what.exec(said.stdout) ?? (isOver ? 'it ended' : undefined),
        LIMIT_MS,
        20
      );
      if (found === 'it ended') throw new Error(`it ended: ${said.stdout}${said.stderr}`);
      return found as RegExpExecArray;
    },
    pressEnter: () => void child.stdin.write('\n'),
    kill: signal => void child.kill(signal),
    end: () => closed,
    isGone,
    async remove() {
      child.kill('SIGTERM');
      await closed;
      await isGone();
      rmSync(files, { recursive: true });
    },
  };
}
