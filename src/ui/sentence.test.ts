import { expect, it } from 'vitest';
import { sentence } from './sentence';

it.each([
  ['claim shop/a is full', 'Claim shop/a is full'],
  ['shop/a is full', 'shop/a is full'],
  ['nkvm-user may not', 'nkvm-user may not'],
  ['system:serviceaccount:a:b may not', 'system:serviceaccount:a:b may not'],
  ['nas.example.com refuses', 'nas.example.com refuses'],
  ['', ''],
])('makes a sentence of %j', (text, expected) => expect(sentence(text)).toBe(expected));
