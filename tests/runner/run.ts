/**
 * Runs the steps of a suite one after another and counts what passed.
 * usage: node tests/runner/run.ts fast|cluster|faults
 * Writes .results/SUITE.count (`passed failed`) for whoever adds up several suites.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInGroup } from './group.mjs';
import type { Step } from './suites.ts';
import { CLUSTER, FAST, FAULTS, RESULTS } from './suites.ts';

interface Count {
  passed: number;
  failed: number;
}

const suites: Record<string, readonly Step[]> = {
  fast: FAST,
  cluster: CLUSTER,
  faults: FAULTS,
};
const name = process.argv[2] ?? '';
const steps = suites[name];
if (!steps) {
  console.error(`There is no suite "${name}": choose one of ${Object.keys(suites).join(', ')}.`);
  process.exit(2);
}

// Handed on by runInGroup to the step that runs; no further one is begun.
let isStopped = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => (isStopped = true));

// A cluster lives on after its suite, and its programs need the machine's own directory.
const temporary = name === 'fast' ? mkdtempSync(join(tmpdir(), 'nkvm-tests-')) : undefined;
const env = temporary ? { ...process.env, TMPDIR: temporary } : process.env;
process.on('exit', () => temporary && rmSync(temporary, { recursive: true, force: true }));

mkdirSync(RESULTS, { recursive: true });
const total: Count = { passed: 0, failed: 0 };
const broken: string[] = [];
for (const step of steps) {
  console.log(`\n── ${step.name}`);
  const count = await run(step);
  total.passed += count.passed;
  total.failed += count.failed;
  if (count.failed) broken.push(step.name);
}
const left = temporary ? readdirSync(temporary).filter(isOurs) : [];
if (left.length) {
  console.log(`\nLeft behind in the temporary directory: ${left.join(', ')}`);
  total.failed += 1;
}
writeFileSync(join(RESULTS, `${name}.count`), `${total.passed} ${total.failed}\n`);
if (broken.length) console.log(`\nFailed: ${broken.join(', ')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed ? 1 : 0;

/** Libraries and browsers leave files of their own there. */
function isOurs(file: string): boolean {
  return /^(nkvm|playground|demo)-/.test(file);
}

/** A step that ends badly counts at least one failure, whatever its report says. */
async function run({ command, report }: Step): Promise<Count> {
  if (report) rmSync(report, { force: true });
  const [program = '', ...args] = command;
  const started = Date.now();
  const status = await runInGroup(program, args, { env });
  if (isStopped) process.exit(status);
  console.log(`   ${((Date.now() - started) / 1000).toFixed(1)} s`);
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
