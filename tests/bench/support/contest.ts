import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { imageEnvironment, imageFlags } from '../../support/imageFlags.ts';
import { cpuSecondsBelow } from './cpu.ts';

/** A program that a person would run. */
export interface Command {
  command: string;
  args: readonly string[];
  env?: Record<string, string>;
  /** It prints `Reported`: then the time of loading its sources is not counted. */
  reports?: boolean;
}

/** What one kind of destination is measured with. */
export interface Contest {
  /** Of the kind, for a destination on loopback. */
  settings: Record<string, string>;
  /** For people: the client that the kind is compared with. */
  native: string;
  /** Stores `file` under `key`. */
  store(file: string, key: string): Command;
  /** How the native client proves what the server has: as strongly as NKVM asks the server. For people. */
  proof: string;
  /** Stores and proves, one after the other. */
  storeAndProve(file: string, key: string): Command[];
  /** Reads `key` to its end, into nowhere. */
  read(key: string): Command;
  /** Reads `key`, and computes its SHA-256. */
  readAndHash(key: string): Command;
  stop(): Promise<void>;
}

/** What a program of a bench prints in its last line, as JSON. */
export interface Reported {
  /** Without loading the sources, which a sidecar that runs has done. */
  seconds: number;
  /** Of CPU, before it began. */
  loadingCpuSeconds: number;
  /** The biggest size that the process had. */
  mebibytes: number;
}

/** How long something took, and how many seconds of CPU it took in all processes, those of the server included. */
interface Took {
  seconds: number;
  cpuSeconds: number;
}

/** How often each is measured. */
export const ROUNDS = Number(process.env.ROUNDS ?? 3);

/** @returns NKVM's own client, as a program. */
export const ours = (
  kind: string,
  settings: Record<string, string>,
  what: 'store' | 'store-and-prove' | 'read',
  ...args: string[]
): Command => ({
  command: process.execPath,
  args: [...imageFlags(), ...[join(import.meta.dirname, 'ownClient.ts'), what, kind, ...args]],
  env: { ...imageEnvironment(), SETTINGS: JSON.stringify(settings) },
  reports: true,
});

type Deed = 'stores' | 'stores and proves' | 'reads' | 'reads and hashes';

/** Lets both store and read the same file in turn, and prints the middle of what they took. */
export async function hold(kind: string, contest: Contest, file: string, bytes: number) {
  const took: Record<string, Took[]> = {};
  let biggestMiB = 0;
  const time = async (who: 'native' | 'NKVM', deed: Deed, ...commands: Command[]) => {
    const sum: Took = { seconds: 0, cpuSeconds: 0 };
    for (const command of commands) {
      const { seconds, cpuSeconds, mebibytes } = await measure(command);
      sum.seconds += seconds;
      sum.cpuSeconds += cpuSeconds;
      if (who === 'NKVM') biggestMiB = Math.max(biggestMiB, mebibytes);
    }
    (took[`${who} ${deed}`] ??= []).push(sum);
  };
  const own = (...args: Parameters<typeof ours> extends [unknown, unknown, ...infer A] ? A : []) =>
    ours(kind, contest.settings, ...args);
  for (let round = 0; round < ROUNDS; round += 1) {
    const key = (name: string) => `${name}-${round}`;
    await time('native', 'stores', contest.store(file, key('native')));
    await time('NKVM', 'stores', own('store', key('ours'), file));
    const proven = contest.storeAndProve(file, key('native-proven'));
    await time('native', 'stores and proves', ...proven);
    await time('NKVM', 'stores and proves', own('store-and-prove', key('ours-proven'), file));
    await time('native', 'reads', contest.read(key('native')));
    await time('native', 'reads and hashes', contest.readAndHash(key('native')));
    await time('NKVM', 'reads and hashes', own('read', key('ours')));
  }
  took['NKVM reads'] = took['NKVM reads and hashes'] ?? [];

  const seconds = (name: string) => middle((took[name] ?? []).map(one => one.seconds));
  const cpu = (name: string) => middle((took[name] ?? []).map(one => one.cpuSeconds));
  const compare = (deed: Deed, how = '') => {
    const [native, mine] = [`native ${deed}`, `NKVM ${deed}`];
    const show = (name: string) =>
      `${(bytes / 1e6 / seconds(name)).toFixed(0)} MB/s, ${cpu(name).toFixed(2)} s of CPU`;
    console.log(
      `${kind}: ${contest.native} ${deed}${how}: ${show(native)}; NKVM: ${show(mine)}; ` +
        `ratio ${(seconds(native) / seconds(mine)).toFixed(2)}, ` +
        `by CPU ${(cpu(native) / cpu(mine)).toFixed(2)}`
    );
  };
  compare('stores');
  compare('stores and proves', ` (${contest.proof})`);
  compare('reads', ' (NKVM hashes, too)');
  compare('reads and hashes');
  console.log(`${kind}: the biggest size of NKVM's client: ${biggestMiB.toFixed(0)} MiB`);
}

/** @returns the value in the middle. */
export const middle = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** Runs a program to its end, while nothing else runs below this process. @throws Error with its stderr */
export async function measure(command: Command): Promise<Took & { mebibytes: number }> {
  const before = cpuSecondsBelow(process.pid);
  const began = performance.now();
  const said = await run(command);
  const seconds = (performance.now() - began) / 1000;
  const cpuSeconds = cpuSecondsBelow(process.pid) - before;
  if (!command.reports) return { seconds, cpuSeconds, mebibytes: 0 };
  const reported: Reported = JSON.parse(said.trim().split('\n').at(-1) ?? '');
  return {
    seconds: reported.seconds,
    cpuSeconds: cpuSeconds - reported.loadingCpuSeconds,
    mebibytes: reported.mebibytes,
  };
}

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
