import { expect, it } from 'vitest';
import type { Translate } from './text';
import { transportText } from './transportText';

const t = ((text: string) => text) as Translate;

it.each([
  ['exec', 'NKVM_PUSH_PORT is not set', 'Through the API server: NKVM_PUSH_PORT is not set'],
  ['push', null, 'Between the helper pod and NKVM'],
  ['direct', null, 'Between the helper pod and the storage'],
  [null, null, undefined],
] as const)('says how an archive travelled: %s', (transport, transportReason, text) => {
  expect(transportText({ transport, transportReason }, t)).toBe(text);
});
