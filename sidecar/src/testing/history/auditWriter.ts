/**
 * Run by history/audit/killed.test.ts: appends entries to the audit log beside the path of its first argument without an end, and prints the
 * sequence of each that is acknowledged.
 */
import { writeSync } from 'node:fs';
import { openAudit } from '../../history/audit/openAudit.ts';
import { auditFacts } from './auditFacts.ts';

const audit = await openAudit(process.argv[2] ?? '', { segmentBytes: 20_000 });

for (;;) {
  const written = [1, 2, 3].map(() => audit.append(auditFacts({ detail: 'x'.repeat(2_000) })));
  for (const { sequence } of await Promise.all(written)) writeSync(1, `${sequence}\n`);
}
