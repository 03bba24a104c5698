import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../sidecar/api/index.ts';
import { reasonsInCode } from './reasonsInCode.ts';

const ROOT = join(import.meta.dirname, '../..');
const text = readFileSync(join(ROOT, 'docs/runbooks/README.md'), 'utf8');
/** Rows of the tables: reason, what one reads, cause, what to do, the test that shows it. */
const rows = [...text.matchAll(/^\| `(\w+)` \|(.*)\| (.*?) \|$/gm)].map(
  ([, reason = '', cells = '', shownBy = '']) => ({ reason, cells: cells.split(' | '), shownBy })
);
/** Stages that no run goes through yet. */
const TO_COME = ['hook', 'snapshot'];

describe('docs/runbooks/README.md', () => {
  it('has a row for every reason in the code, and none for another', () => {
    const known = new Set(rows.map(({ reason }) => reason));
    expect([...known].sort()).toEqual([...reasonsInCode(join(ROOT, 'sidecar/src'))].sort());
  });

  it('has a heading for every stage that a run can fail at', () => {
    const headings = [...text.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading);
    const stages = STAGES.filter(stage => !TO_COME.includes(stage));
    expect(stages.filter(stage => !headings.includes(stage))).toEqual([]);
  });

  it.each(rows.map(row => [row.reason, row] as const))(
    'says of %s what one reads, why, what to do, and which test shows it',
    (_, { cells, shownBy }) => {
      expect(cells.map(cell => cell.trim()).filter(Boolean)).toHaveLength(3);
      const [, file = '', title = ''] = /^`(.*)`: (.*)$/.exec(shownBy) ?? [];
      expect(existsSync(join(ROOT, file))).toBe(true);
      const isInIt = readFileSync(join(ROOT, file), 'utf8').includes(title);
      expect(title !== '' && isInIt, `${file} has a test “${title}”`).toBe(true);
    }
  );
});
