import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { faultsOf, faultsOfHint, faultsOfMessage } from '../support/plainEnglish.ts';
import { type Prose, proseOf } from '../support/proseInCode.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Parts that are no part of the service. */
const OF_TESTS = /\.test\.ts$|^src\/testing\/|^dist\/|node_modules/;
const files = readdirSync(join(ROOT, 'sidecar'), { recursive: true, encoding: 'utf8' }).filter(
  file => file.endsWith('.ts') && !OF_TESTS.test(file)
);

const CHECKS: Record<Prose['kind'], (text: string) => string[]> = {
  message: faultsOfMessage,
  hint: faultsOfHint,
  text: faultsOf,
  comment: faultsOf,
};

it('says everything in plain English: messages, hints, log lines, descriptions, comments', () => {
  const faults = files.flatMap(file =>
    proseOf(file, readFileSync(join(ROOT, 'sidecar', file), 'utf8')).flatMap(
      ({ kind, line, text }) =>
        CHECKS[kind](text).map(fault => `sidecar/${file}:${line}: ${kind}: ${fault} – ${text}`)
    )
  );
  expect(faults.join('\n')).toBe('');
});

const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.md'))
    .map(file => join('docs', file)),
];

it.each(documents)('%s is in plain English', file => {
  const text = readFileSync(join(ROOT, file), 'utf8').replace(/```[^]*?```/g, code =>
    code.replace(/[^\n]/g, '')
  );
  const faults = text
    .split('\n')
    .flatMap((line, index) =>
      line
        .split('|')
        .flatMap(cell => faultsOf(cell.trim()).map(fault => `${file}:${index + 1}: ${fault}`))
    );
  expect(faults.join('\n')).toBe('');
});
