import { platform } from 'node:os';
import type { Launch } from './launch.ts';

/** Puts a command behind script(1), which every Linux and Mac has: it gives the command a terminal, of 80 by 24. */
export function inTerminal({ words, options }: Launch, system: string = platform()): Launch {
  const recorded =
    system === 'linux'
      ? ['script', '-qefc', words.map(quoted).join(' '), '/dev/null']
      : ['script', '-q', '/dev/null', ...words];
  return { words: recorded, options: { ...options, env: { ...options.env, TERM: 'xterm' } } };
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
