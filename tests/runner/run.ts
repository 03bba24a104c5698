/**
 * Runs the steps of a suite in their order, those that use one core side by side, and counts what passed.
 * usage: node tests/runner/run.ts fast|cluster|security|faults
 * Writes .results/SUITE.count (`passed failed`) and .results/SUITE.failed (each failed test with its error) for a caller that
 * adds up several suites.
 */
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { failuresOf } from './failures.ts';
import { runInGroup } from './group.mjs';
import type { Step } from './suites.ts';
import { CLUSTER, FAST, FAULTS, RESULTS, SECURITY } from './suites.ts';

interface Count {
  passed: number;
  failed: number;
}

const suites: Record<string, readonly Step[]> = {
  fast: FAST,
  cluster: CLUSTER,
  security: SECURITY,
  faults: FAULTS,
};
const name = process.argv[2] ?? '';
const steps = suites[name];
if (!steps) {
  console.error(`There is no suite "${name}": choose one of ${Object.keys(suites).join(', ')}.`);
  process.exit(2);
}

// runInGroup passes the signal to the step that runs. No further step is started.
let isStopped = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => (isStopped = true));

// The cluster keeps running after its suite, and its programs need the machine's own directory.
const temporary = name === 'fast' ? mkdtempSync(join(tmpdir(), 'nkvm-tests-')) : undefined;
const env = temporary ? { ...process.env, TMPDIR: temporary } : process.env;
// Commands of another user, as helper pods have them, run below it.
if (temporary) chmodSync(temporary, 0o711);
process.on('exit', () => temporary && rmSync(temporary, { recursive: true, force: true }));

mkdirSync(RESULTS, { recursive: true });
const total: Count = { passed: 0, failed: 0 };
const broken: string[] = [];
const failures: string[] = [];
const left = [...steps];
while (left.length > 0) {
  const end = left.findIndex(({ usesOneCore }) => !usesOneCore);
  const group = left.splice(0, Math.max(1, end < 0 ? left.length : end));
  if (group.length === 1) await runAloud(group[0] as Step);
  else await runSideBySide(group);
}
const leftBehind = temporary ? readdirSync(temporary).filter(isOurs) : [];
if (leftBehind.length) {
  console.log(`\nLeft behind in the temporary directory: ${leftBehind.join(', ')}`);
  total.failed += 1;
  failures.push(`left behind in the temporary directory: ${leftBehind.join(', ')}`);
}
writeFileSync(join(RESULTS, `${name}.count`), `${total.passed} ${total.failed}\n`);
writeFileSync(join(RESULTS, `${name}.failed`), failures.map(text => `${text}\n`).join(''));
if (broken.length) console.log(`\nFailed: ${broken.join(', ')}\n${failures.join('\n')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed ? 1 : 0;

/** Libraries and browsers leave files of their own there. */
function isOurs(file: string): boolean {
  return /^(nkvm|playground|demo)-/.test(file);
}

async function runAloud(step: Step): Promise<void> {
  console.log(`\n── ${step.name}`);
  const started = Date.now();
  add(step, await run(step));
  console.log(`   ${secondsSince(started)} s`);
}

/** Runs as many at a time as there are cores. The output of each is shown when it has ended. */
async function runSideBySide(group: Step[]): Promise<void> {
  const waiting = [...group];
  const lane = async (): Promise<void> => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      const file = join(RESULTS, `${step.name}.log`);
      const output = openSync(file, 'w');
      const started = Date.now();
      const count = await run(step, output);
      closeSync(output);
      console.log(`\n── ${step.name}\n${readFileSync(file, 'utf8')}   ${secondsSince(started)} s`);
      add(step, count);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
}

function add({ name, report }: Step, count: Count): void {
  total.passed += count.passed;
  total.failed += count.failed;
  if (!count.failed) return;
  broken.push(name);
  failures.push(...failuresOf(name, report));
}

function secondsSince(started: number): string {
  return ((Date.now() - started) / 1000).toFixed(1);
}

/** A step that ends badly counts at least one failure, whatever its report says. */
async function run({ command, report }: Step, output?: number): Promise<Count> {
  if (report) rmSync(report, { force: true });
  const [program = '', ...args] = command;
  const status = await runInGroup(program, args, { env, ...(output !== undefined && { output }) });
  if (isStopped) process.exit(status);
  const count = report ? readReport(report) : { passed: status === 0 ? 1 : 0, failed: 0 };
  return { ...count, failed: Math.max(count.failed, status === 0 ? 0 : 1) };
}

function readReport(file: string): Count {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests };
  } catch {
    return { passed: 0, failed: 1 }; // the suite ended before it could say anything
  }
}
