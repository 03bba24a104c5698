import { z } from 'zod';
import { Seal } from '../../api/index.ts';
import { StageError } from '../errors.ts';

/** The seal as the helper writes it. */
const WrittenSeal = z.strictObject({
  ...Seal.omit({ omitted: true }).shape,
  fidelity: z.enum(['full', 'reduced']),
  warnings: z.array(z.string()),
});
export type WrittenSeal = z.infer<typeof WrittenSeal>;

const FIRST_LINE = 'nkvm-seal 1';

/**
 * Reads what the helper wrote after the stream: a first line with the format's version, `name=value` lines, an empty
 * line, then tar's own words.
 * @throws StageError (stage `checksum`) when it is not whole.
 */
export function readSeal(text: string): WrittenSeal {
  const end = text.indexOf('\n\n');
  const [first, ...lines] = text.slice(0, Math.max(end, 0)).split('\n');
  const fields = Object.fromEntries(
    lines.map(line => {
      const [name = '', value = ''] = line.split('=', 2);
      return [name, /^-?\d+$/.test(value) && name !== 'sha256' ? Number(value) : value];
    })
  );
  const warnings = text
    .slice(end + 2)
    .split('\n')
    .filter(line => line !== '');
  const { success, data } = WrittenSeal.safeParse({ ...fields, warnings });
  if (first !== FIRST_LINE || !success) {
    throw new StageError(
      'checksum',
      'SealUnreadable',
      'the helper’s seal is not whole, so nothing proves what it sent',
      'back up again; if it happens again, check that the helper image is the one that belongs to this version of NKVM',
      'unknown'
    );
  }
  return data;
}
