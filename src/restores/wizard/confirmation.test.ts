import { expect, it } from 'vitest';
import type { RestorePlan, StartRestore } from '../../../sidecar/api';
import type { Translate } from '../../ui/text';
import { confirmationOf } from './confirmation';

const t = ((text: string, values: object = {}) => `${text} ${JSON.stringify(values)}`) as Translate;
const change = (count: number) => ({ count, names: [] });
const files = { added: change(0), replaced: change(2), unchanged: change(0), leftOver: change(3) };

it.each<[string, string, boolean, string[] | undefined, boolean, RegExp | undefined]>([
  ['mirror', 'mirror', true, undefined, true, /^Delete .*"count":3/],
  [
    'mirror that was not looked at to the end',
    'mirror',
    true,
    undefined,
    false,
    /^Delete at least/,
  ],
  ['mirror of a selection: nothing is deleted', 'mirror', true, ['a'], true, undefined],
  ['the same without a safety backup', 'mirror', false, ['a'], true, /^Replace .*"count":2/],
  ['overwrite', 'overwrite', true, undefined, true, undefined],
  [
    'overwrite without a safety backup',
    'overwrite',
    false,
    undefined,
    true,
    /^Replace .*"count":2/,
  ],
  ['an empty claim', 'empty', false, undefined, true, undefined],
])('%s', (_, mode, safetyBackup, paths, isComplete, expected) => {
  const plan = { files: { ...files, isComplete } } as unknown as RestorePlan;
  const target = { namespace: 'shop', name: 'orders-db', mode };
  const request = { backup: 'b', target, scale: false, safetyBackup, ...(paths && { paths }) };
  const text = confirmationOf(plan, request as StartRestore, t);
  if (expected) expect(text).toMatch(expected);
  else expect(text).toBeUndefined();
});
