/**
 * `npm run audit`: asks npm's service for known weaknesses of all packages in the lockfile. It fails for those that
 * docs/security/audit-exceptions.json does not explain, and says so where the service cannot be reached.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AuditException, AuditReport, auditVerdict } from './auditVerdict.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const EXCEPTIONS = join(REPOSITORY, 'docs/security/audit-exceptions.json');

const { stdout } = spawnSync('npm', ['audit', '--json'], {
  ...{ cwd: REPOSITORY, encoding: 'utf8', maxBuffer: 64 << 20 },
});
const report = AuditReport.safeParse(jsonOf(stdout));
const exceptions = z.array(AuditException).parse(JSON.parse(readFileSync(EXCEPTIONS, 'utf8')));
if (!report.success) {
  console.log(`not reachable: npm's service for advisories did not answer: ${messageIn(stdout)}`);
} else {
  const today = new Date().toISOString().slice(0, 10);
  const { problems, explained } = auditVerdict(report.data, exceptions, today);
  explained.forEach(each => console.log(each));
  problems.forEach(each => console.error(each));
  console.log(`${explained.length} explained, ${problems.length} to act on`);
  if (problems.length > 0) process.exitCode = 1;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function messageIn(text: string): string {
  const { message } = (jsonOf(text) ?? {}) as { message?: string };
  return message ?? 'no answer';
}
