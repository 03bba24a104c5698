import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { VERSION } from './version.ts';

it.each(['../../package.json', '../package.json'])('the version is that of %s', path => {
  const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
  expect(VERSION).toBe(version);
});
