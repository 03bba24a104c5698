export function runInGroup(
  command: string,
  args: readonly string[],
  options?: {
    cwd?: string;
    env?: NodeJS.ProcessEnv;
    directory?: string;
    output?: number;
    input?: NodeJS.ReadStream;
  }
): Promise<number>;
