import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** A program that a person would run. */
export interface Command {
  command: string;
  args: readonly string[];
  env?: Record<string, string>;
}

/** What one kind of destination is measured with. */
export interface Contest {
  /** Of the kind, for a destination on loopback. */
  settings: Record<string, string>;
  /** For people: the client that the kind is compared with. */
  native: string;
  /** Stores `file` under `key`. */
  store(file: string, key: string): Command;
  /** Reads `key` to its end, into nowhere. */
  read(key: string): Command;
  stop(): Promise<void>;
}

const ROUNDS = 3;

const ours = (
  kind: string,
  { settings }: Contest,
  what: 'store' | 'read',
  ...args: string[]
): Command => ({
  command: process.execPath,
  args: [
    ...['--max-semi-space-size=4', '--optimize-for-size'],
    ...[join(import.meta.dirname, 'ownClient.ts'), what, kind, ...args],
  ],
  env: { SETTINGS: JSON.stringify(settings) },
});

/** Lets both store and read the same file in turn, and prints the middle of what they took. */
export async function hold(kind: string, contest: Contest, file: string, bytes: number) {
  const took: Record<string, number[]> = {};
  let biggestMiB = 0;
  const time = async (name: string, command: Command): Promise<void> => {
    const began = performance.now();
    const said = await run(command);
    const isOurs = name.startsWith('NKVM');
    const [own = 0, mebibytes = 0] = isOurs ? said.split(' ').map(Number) : [];
    (took[name] ??= []).push(isOurs ? own : (performance.now() - began) / 1000);
    biggestMiB = Math.max(biggestMiB, mebibytes);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    await time('native stores', contest.store(file, `native-${round}`));
    await time('NKVM stores', ours(kind, contest, 'store', `ours-${round}`, file));
    await time('native reads', contest.read(`native-${round}`));
    await time('NKVM reads', ours(kind, contest, 'read', `ours-${round}`));
  }
  const speed = (name: string): number => bytes / 1e6 / middle(took[name] ?? []);
  const row = (label: string, name: string) =>
    `${label.padEnd(34)}${speed(name).toFixed(0).padStart(5)} MB/s  (${(took[name] ?? [])
      .map(seconds => seconds.toFixed(1))
      .join(', ')} s)`;
  console.log(row(`${kind}: ${contest.native} stores`, 'native stores'));
  console.log(row(`${kind}: NKVM stores and confirms`, 'NKVM stores'));
  console.log(row(`${kind}: ${contest.native} reads`, 'native reads'));
  console.log(row(`${kind}: NKVM reads and hashes`, 'NKVM reads'));
  const ratio = (verb: string) => (speed(`NKVM ${verb}`) / speed(`native ${verb}`)).toFixed(2);
  console.log(
    `${kind}: ratio`.padEnd(34) +
      `store ${ratio('stores')}, read ${ratio('reads')}; ` +
      `NKVM's biggest size ${biggestMiB.toFixed(0)} MiB`
  );
}

const middle = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** @returns what it wrote to stdout. @throws Error with its stderr */
async function run({ command, args, env }: Command): Promise<string> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [said, errors, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${errors.slice(-1000)}`);
  return said;
}
