import { describe, expect, it } from 'vitest';
import { Failure } from './failure.ts';
import { kindNamed } from './kinds.ts';
import type { KubeObject } from './object.ts';
import { fieldSelector, labelSelector, matchesSelector } from './selectors.ts';

const labels = { app: 'shop', 'nkvm.io/tier': 'a' };

describe('a label selector', () => {
  it.each<[string, boolean]>([
    ['', true],
    ['app=shop', true],
    ['app==shop', true],
    ['app = shop', true],
    ['app!=shop', false],
    ['other!=shop', true],
    ['app=other', false],
    ['app in (shop, other)', true],
    ['app notin (shop)', false],
    ['other notin (shop)', true],
    ['app', true],
    ['!app', false],
    ['!other', true],
    ['app in (a,shop),nkvm.io/tier=a,!other', true],
    ['app=shop,nkvm.io/tier=b', false],
    ['other=', false],
  ])('%s', (text, matches) => expect(labelSelector(text)(labels)).toBe(matches));

  it.each(['a in', 'a in (b', '=b', 'a=b=c'])('refuses %s', text =>
    expect(() => labelSelector(text)).toThrow(Failure)
  );
});

describe('the selector of an object', () => {
  it('matches nothing where it is absent, and all where it is empty', () => {
    expect(matchesSelector(undefined, labels)).toBe(false);
    expect(matchesSelector({}, labels)).toBe(true);
  });
  it('needs all of its labels and expressions', () => {
    const matchExpressions = [{ key: 'nkvm.io/tier', operator: 'In', values: ['a', 'b'] }];
    expect(matchesSelector({ matchLabels: { app: 'shop' }, matchExpressions }, labels)).toBe(true);
    expect(matchesSelector({ matchLabels: { app: 'other' }, matchExpressions }, labels)).toBe(
      false
    );
    const none = [{ key: 'app', operator: 'DoesNotExist' }];
    expect(matchesSelector({ matchExpressions: none }, labels)).toBe(false);
  });
});

describe('a field selector', () => {
  const node = { metadata: { name: 'node-a' }, spec: {} } as unknown as KubeObject;
  it.each<[string, boolean]>([
    ['metadata.name=node-a', true],
    ['metadata.name!=node-a', false],
    ['spec.unschedulable=false', true],
    ['metadata.name=node-a,spec.unschedulable=true', false],
  ])('%s', (text, matches) => expect(fieldSelector(kindNamed('nodes'), text)(node)).toBe(matches));
});
