import { expect, it } from 'vitest';
import { quotedName } from './quotedName.ts';

it.each([
  ['system:serviceaccount:shop:nkvm-user', 'system:serviceaccount:shop:nkvm-user'],
  ['https://id.example.com#ann@example.com', 'https://id.example.com#ann@example.com'],
  ['Jürgen.Müller', 'Jürgen.Müller'],
  ['CORP\\ann', 'CORP\\ann'],
  ['ann of cluster edge', '"ann of cluster edge"'],
  ['ann (JTI=7f)', '"ann (JTI=7f)"'],
  ['"ann"', '"\\"ann\\""'],
  ['ann\u202e', '"ann\\u{202e}"'],
  ['ann\\u{202e} x', '"ann\\\\u{202e} x"'],
  ['', '""'],
])('writes %j as %s', (name, text) => expect(quotedName(name)).toBe(text));
