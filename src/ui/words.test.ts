import { expect, it } from 'vitest';
import english from '../../locales/en/translation.json?raw';
import { faultsOf } from '../../tests/support/plainEnglish';

const texts: Record<string, string> = JSON.parse(english);

/** Words that a page does not use, and better ones. */
const AVOID: [RegExp, string][] = [
  [/\b(somebody|nobody|everybody|anybody)\b/i, 'name the actor'],
  [/\b(please|sorry|oops)\b/i, 'leave it out'],
  [/\bsidecar\b/i, 'NKVM, or: the backup service'],
  [/\bunder way\b/i, 'running'],
  [/\b(is|are) tried again\b/i, 'NKVM tries again'],
  [/\bThere is no such\b/, '… not found'],
  [/\bany more\b/, 'no longer'],
  [/\bgone\b/, 'deleted'],
  [/\b(of ours|by itself)\b/, 'name it, or: automatically'],
  [/\b(look|looks|looked|looking) (at|into)\b/i, 'check'],
];

/** Text of a page begins in upper case, and has no more than one space in a row. Parts of a sentence are listed here. */
const PARTS =
  /^(and |at |is |in both|only in|the same|kept until|read back|with |as |no |a |checked |next$)/;

const faults = Object.values(texts).flatMap(text => {
  const found = faultsOf(text);
  for (const [avoid, write] of AVOID) if (avoid.test(text)) found.push(`${avoid}: ${write}`);
  if (/^[a-z]/.test(text) && !PARTS.test(text) && !/^(tar|rsync) /.test(text)) {
    found.push('begins in lower case');
  }
  if (/ {2}/.test(text)) found.push('two spaces');
  return found.map(fault => `${text} – ${fault}`);
});

it('says everything in plain English: a noun is the subject, and no word has to be learnt', () => {
  expect(faults).toEqual([]);
});
