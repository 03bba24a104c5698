import { StageError } from '../../errors.ts';
import type { SshCall } from './connection.ts';
import { resultOf, scpError, shellMissing } from './scpErrors.ts';
import type { Said } from './shell.ts';
import { collect } from './shell.ts';
import type { Running, shells } from './shells.ts';

/** The commands of one directory on a server, each with its failure in words. */
export interface Commands {
  readonly place: string;
  readonly directory: string;
  pathOf(name: string): string;
  /** Starts a script; its words come after the directory. @throws StageError */
  start(call: SshCall, script: string, words?: readonly string[]): Promise<Running>;
  /** Runs a script that reads nothing. @returns its result. @throws StageError */
  ask(call: SshCall, script: string, words?: readonly string[], key?: string): Promise<string>;
  /** @returns the result. @throws StageError when the script has not done its work */
  resultOf(said: Said, call: SshCall, key: string, storedBytes?: number): string;
}

export function scpCommands(
  place: string,
  directory: string,
  pool: ReturnType<typeof shells>
): Commands {
  const pathOf = (name: string) => `${directory.replace(/\/$/, '')}/${name}`;
  const commands: Commands = {
    place,
    directory,
    pathOf,

    async start(call, script, words = []) {
      try {
        return await pool.start(call, script, [directory, ...words]);
      } catch (error) {
        if (error instanceof StageError || call.signal?.aborted) throw error;
        throw shellMissing(call.stage, place, error);
      }
    },

    async ask(call, script, words = [], key = words[0] ?? '') {
      const { link, channel, release } = await commands.start(call, script, words);
      try {
        const said = collect(link, call, channel);
        channel.end();
        return commands.resultOf(await said, call, key);
      } finally {
        release();
      }
    },

    resultOf(said, { stage }, key, storedBytes) {
      const result = resultOf(said);
      if (result !== undefined) return result;
      const failed = { stage, place, directory, key, path: pathOf(key), storedBytes };
      throw scpError(said, failed);
    },
  };
  return commands;
}
