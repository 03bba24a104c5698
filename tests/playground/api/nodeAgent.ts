import type { Readable, Writable } from 'node:stream';
import type { Pod } from '../store/object.ts';

/** How a command in a container ended; `failure` when it never began. */
export type CommandEnd = { exitCode: number } | { failure: string };

/** A command that runs in a container. */
export interface Command {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Resolves when the command has ended; what it wrote may still be on its way. */
  end: Promise<CommandEnd>;
}

export interface ExecOptions {
  /** The command gets a terminal. */
  tty: boolean;
}

export interface LogOptions {
  container: string;
  /** The instance before the last restart. */
  previous: boolean;
  follow: boolean;
  /** At most so many of the last lines. */
  tailLines: number | undefined;
  timestamps: boolean;
  /** Only lines from then on. */
  since: Date | undefined;
  /** Ends a log that is followed. */
  signal: AbortSignal;
}

/** What the API server asks a node for. */
export interface NodeAgent {
  /** @returns undefined when that container does not run. */
  exec(
    pod: Pod,
    container: string,
    command: readonly string[],
    options: ExecOptions
  ): Command | undefined;
  /** @returns the lines with their newlines; undefined when there is no such instance. */
  log(pod: Pod, options: LogOptions): AsyncIterable<string> | undefined;
}
