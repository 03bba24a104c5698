import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { AuditException, auditVerdict } from '../../deploy/supply/auditVerdict.ts';

const id = 'GHSA-2222-3333-4444';
const via = {
  name: 'ws',
  title: 'reads too much',
  url: `https://x/advisories/${id}`,
  severity: 'high',
};
const report = { vulnerabilities: { ws: { via: [via] }, client: { via: ['ws'] } } };
const exception = { advisory: id, package: 'ws', why: 'w'.repeat(30), until: '2026-12-01' };

it.each([
  ['not explained', [], '2026-11-27', [`${id} ws (high): reads too much: not explained`], 0],
  ['explained', [exception], '2026-12-01', [], 1],
  [
    'of another package',
    [{ ...exception, package: 'x' }],
    '2026-11-27',
    [/not explained/, /any more/],
    0,
  ],
  ['explained for too long', [exception], '2026-12-02', [/accepted until 2026-12-01$/], 0],
])('a weakness that is %s', (_, exceptions, today, problems, explained) => {
  const verdict = auditVerdict(report, exceptions, today);
  expect(verdict.problems).toEqual(
    problems.map(each => (typeof each === 'string' ? each : expect.stringMatching(each)))
  );
  expect(verdict.explained).toHaveLength(explained);
});

it('an explanation of what is not there any more is to be deleted', () =>
  expect(auditVerdict({ vulnerabilities: {} }, [exception], '2026-11-27').problems).toHaveLength(
    1
  ));

it('every explanation is one', () => {
  const file = join(import.meta.dirname, '../../docs/security/audit-exceptions.json');
  expect(z.array(AuditException).safeParse(JSON.parse(readFileSync(file, 'utf8'))).success).toBe(
    true
  );
});
