/** `nkvm doctor`, started in the container of NKVM by `kubectl exec`. */
import { parseArgs } from 'node:util';
import { doctorText } from '../api/doctorText.ts';
import { runsIn } from '../api/index.ts';
import { readConfig } from './config.ts';
import { EXIT_CODES, reportOf, USAGE_CODE } from './doctor/command.ts';
import { textOf } from './errors.ts';

const USAGE = 'usage: nkvm doctor [--json]';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  if (positionals.join(' ') !== 'doctor') throw new Error('the only command is doctor');
  const config = readConfig(process.env);
  runsIn(config.namespace);
  const report = await reportOf(config);
  process.stdout.write(`${values.json ? JSON.stringify(report) : doctorText(report)}\n`);
  return EXIT_CODES[report.outcome];
}

main().then(
  // Not at once: output to a pipe may be under way.
  code => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`nkvm: ${textOf(error)}\n${USAGE}\n`);
    process.exitCode = USAGE_CODE;
  }
);
