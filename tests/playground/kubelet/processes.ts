import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { CommandEnd } from '../api/nodeAgent.ts';

/** A process of this machine in place of a container's, with all that it starts. */
export interface LocalProcess {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** False when there is no such program, or it cannot be run. */
  isStarted: Promise<boolean>;
  /** Resolves when it has ended. Processes that it started and left are killed then, as with a container. */
  end: Promise<CommandEnd>;
  /** Asks it to end (SIGTERM). */
  terminate(): void;
  /** Ends it and all that it started. */
  kill(): void;
}

export interface SpawnOptions {
  cwd: string;
  env: Record<string, string>;
}

/**
 * Starts processes, each the leader of a process group of its own. The leaders' ids are the names of files in a
 * directory, for the process that cleans up after a playground that was killed.
 */
export class Processes {
  readonly #directory: string;
  readonly #running = new Set<LocalProcess>();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  start(words: readonly string[], { cwd, env }: SpawnOptions): LocalProcess {
    const [program = '', ...args] = words;
    const child = spawn(program, args, { cwd, env, detached: true, stdio: 'pipe' });
    const { pid } = child;
    if (pid !== undefined) writeFileSync(this.#file(pid), '');
    const end = endOf(child, program).finally(() => {
      if (pid === undefined) return;
      killGroup(pid);
      rmSync(this.#file(pid), { force: true });
      this.#running.delete(local);
    });
    const local: LocalProcess = {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      isStarted: new Promise(resolve => {
        child.on('spawn', () => resolve(true)).on('error', () => resolve(false));
      }),
      end,
      terminate: () => void child.kill('SIGTERM'),
      kill: () => void (pid !== undefined && this.#running.has(local) && killGroup(pid)),
    };
    if (pid !== undefined) this.#running.add(local);
    return local;
  }

  /** Ends all of them. */
  async killAll(): Promise<void> {
    const all = [...this.#running];
    all.forEach(each => each.kill());
    await Promise.all(all.map(each => each.end));
  }

  #file(pid: number): string {
    return join(this.#directory, `${pid}`);
  }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left in the group.
  }
}

/** In the words of runc, which people know from their pods. */
const endOf = (child: ChildProcess, program: string): Promise<CommandEnd> =>
  new Promise(resolve => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'ENOENT'
          ? program.includes('/')
            ? `stat ${program}: no such file or directory`
            : 'executable file not found in $PATH'
          : error.code === 'EACCES'
          ? 'permission denied'
          : error.message;
      resolve({
        failure: `unable to start container process: exec: "${program}": ${why}: unknown`,
      });
    });
    child.on('exit', (code, signal) =>
      resolve({ exitCode: code ?? 128 + constants.signals[signal ?? 'SIGKILL'] })
    );
  });
