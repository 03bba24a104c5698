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
 * @returns a line for each failed test (file, name, first line of its error) and each file that could not be run
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
    if (failed.length === 0) return status === 'failed' ? [`${file}: ${firstLine(message)}`] : [];
    return failed.map(
      ({ fullName, failureMessages = [] }) =>
        `${file}: ${fullName.trim()}: ${firstLine(failureMessages[0] ?? '')}`
    );
  });
  return lines.length
    ? lines
    : [`${step}: no test failed, but vitest found an error outside of them`];
}

const firstLine = (text: string): string =>
  (stripVTControlCharacters(text).split('\n')[0] ?? '').slice(0, 300);
