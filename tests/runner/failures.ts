import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** The part of vitest's JSON report (that of Jest) that names failures. */
interface Report {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages?: string[] }[];
  }[];
}

/**
 * Names what failed in a step, for the end of a long log.
 * @param report the JSON file of its vitest run; without one, the step is one test
 * @returns a text for each failed test (file, name, what its error says and where) and each file that could not be run
 */
export function failuresOf(step: string, report: string | undefined): string[] {
  if (report === undefined) return [step];
  let results: Report['testResults'];
  try {
    results = (JSON.parse(readFileSync(report, 'utf8')) as Report).testResults;
  } catch {
    return [`${step}: it ended before it wrote its report`];
  }
  const lines = results.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const failed = assertionResults.filter(one => one.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [`${file}: ${saidIn(message)}`] : [];
    return failed.map(
      ({ fullName, failureMessages = [] }) =>
        `${file}: ${fullName.trim()}: ${saidIn(failureMessages[0] ?? '')}`
    );
  });
  return lines.length
    ? lines
    : [`${step}: no test failed, but vitest found an error outside of them`];
}

const MOST_LINES = 10;

/** @returns the message of an error without its stack, and the lines of our tests that led to it. */
function saidIn(error: string): string {
  const lines = stripVTControlCharacters(error)
    .split('\n')
    .filter(line => line.trim() !== '');
  const isOfStack = (line: string) => /^\s+at /.test(line);
  const message = lines.filter(line => !isOfStack(line)).slice(0, MOST_LINES);
  const ours = lines.filter(line => isOfStack(line) && !/node_modules|node:/.test(line));
  return [...message, ...ours.slice(0, 3)].map(line => line.slice(0, 1_000)).join('\n    ');
}
