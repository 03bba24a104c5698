import { expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { labelSelectorOf } from './labelSelector.ts';

const SHOP = { team: 'shop', env: 'prod', 'example.com/tier': '' };

it.each<[string, boolean]>([
  ['team=shop', true],
  ['team == shop', true],
  ['team=bank', false],
  ['team!=bank', true],
  ['team!=shop', false],
  ['none!=shop', true],
  ['team', true],
  ['none', false],
  ['!none', true],
  ['!team', false],
  ['example.com/tier', true],
  ['example.com/tier=', true],
  ['none=', false],
  ['env in (prod, test)', true],
  ['env in (test)', false],
  ['none in (prod)', false],
  ['env notin (prod,test)', false],
  ['none notin (prod)', true],
  ['team=shop,env in (prod,test),!none', true],
  ['env in (prod,test),team=bank', false],
  ['constructor', false],
  ['!constructor', true],
])('%s', (text, expected) => {
  expect(labelSelectorOf(text).matches(SHOP)).toBe(expected);
});

it.each([
  ' ',
  ',',
  'team=shop,',
  'team=a=b',
  'team>1',
  'team in prod',
  'team in (prod',
  'team in (a b)',
  'team=sh op',
  '-team',
  'team/',
  '/team',
  'a/b/c',
  'Example.com/team',
  `${'a'.repeat(64)}`,
  `${'a'.repeat(254)}/team`,
  'team=-shop',
  'team=shop;drop',
])('is not a selector: %s', text => {
  expect(() => labelSelectorOf(text)).toThrow(/^takes a label selector/);
});

it('is a setting whose mistake keeps NKVM from starting', () => {
  expect(() => readConfig({ NKVM_NAMESPACE_SELECTOR: 'team in shop' })).toThrow(
    'NKVM_NAMESPACE_SELECTOR takes a label selector such as team=shop'
  );
  expect(readConfig({ NKVM_NAMESPACE_SELECTOR: 'team=shop' }).namespaceSelector?.text).toBe(
    'team=shop'
  );
});
