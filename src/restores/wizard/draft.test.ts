import { describe, expect, it } from 'vitest';
import { ClaimName, NamespaceName, StartRestore } from '../../../sidecar/api';
import { type Draft, draftOf, labelsOf, requestOf, searchOf } from './draft';
import { isClaimName, isNamespaceName, isQuantity, proposedName } from './names';
import { problemsOf } from './problems';

const draft = (differs: Partial<Draft> = {}): Draft => ({
  ...draftOf('?backup=7&namespace=shop&volume=orders-db&target=shop%2Forders-db-restored'),
  ...differs,
});

describe('the address of the wizard', () => {
  it.each<[string, Partial<Draft>]>([
    ['a backup', {}],
    ['selected paths', { paths: ['data/a & b=c', 'über/\\377'] }],
    ['the original claim', { where: 'original', mode: 'overwrite', scale: true }],
    ['another claim', { where: 'existing', mode: 'mirror', safetyBackup: false }],
    [
      'a new claim',
      {
        size: '20Gi',
        storageClass: 'fast',
        accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
        labels: { app: 'shop', 'x/y': '' },
        step: 'plan',
      },
    ],
    ['a new claim without labels', { labels: {} }],
    ['another cluster', { into: 'site-b' }],
    ['the cluster of NKVM, for a backup of another one', { into: '' }],
    ['an archive', { backup: 'archive:a__b__c__20261120T100000Z__01.tar.gz' }],
  ])('holds %s', (_, differs) => {
    expect(draftOf(searchOf(draft(differs)))).toEqual(draft(differs));
  });

  it('leaves out what it cannot read', () => {
    expect(draftOf('?where=moon&mode=x&access=All&step=9')).toMatchObject({
      where: 'new',
      mode: 'empty',
      accessModes: undefined,
      step: 'what',
    });
  });
});

describe('the request', () => {
  it.each<[string, Partial<Draft>, Partial<StartRestore>]>([
    [
      'creates a claim as it was',
      { size: '' },
      { target: { namespace: 'shop', name: 'orders-db-restored', mode: 'new' } },
    ],
    [
      'creates a claim with what was changed',
      { size: '20Gi', labels: {}, mode: 'mirror', scale: true },
      {
        target: {
          namespace: 'shop',
          name: 'orders-db-restored',
          mode: 'new',
          size: '20Gi',
          labels: {},
        },
        scale: false,
        safetyBackup: false,
      },
    ],
    [
      'writes to the original claim, with nothing that is for new ones',
      { where: 'original', mode: 'overwrite', size: '20Gi', scale: true },
      {
        target: { namespace: 'shop', name: 'orders-db', mode: 'overwrite' },
        scale: true,
        safetyBackup: true,
      },
    ],
    ['names the paths', { paths: ['a'] }, { paths: ['a'] }],
  ])('%s', (_, differs, expected) => {
    const request = requestOf(draft(differs));
    expect(request).toMatchObject(expected);
    expect(request.target).toEqual({ ...request.target, ...expected.target });
    expect(StartRestore.parse(request)).toEqual(request);
  });

  it.each([
    ['that of the backup, where none is chosen', undefined, 'site-b', 'site-b'],
    ['that of NKVM, where that is of the backup', undefined, undefined, undefined],
    ['that of NKVM, where it is chosen', '', 'site-b', undefined],
    ['the chosen one', 'site-c', 'site-b', 'site-c'],
  ])('goes into the cluster %s', (_, into, ofBackup, expected) => {
    const request = requestOf(draft({ into }), ofBackup);
    expect(request.cluster).toBe(expected);
    expect(StartRestore.parse(request)).toEqual(request);
  });

  it('has no paths where everything is restored', () => {
    expect(requestOf(draft())).not.toHaveProperty('paths');
  });
});

describe('a proposed name', () => {
  it.each([
    ['orders-db', [], 'orders-db-restored'],
    ['orders-db', ['orders-db-restored'], 'orders-db-restored-2'],
    ['orders-db-restored-2', ['orders-db-restored'], 'orders-db-restored-2'],
    ['', [], 'volume-restored'],
    ['a'.repeat(100), [], `${'a'.repeat(54)}-restored`],
    [`${'a'.repeat(53)}-b`, [], `${'a'.repeat(53)}-restored`],
  ])('for %s beside %j is %s', (name, taken, expected) => {
    expect(proposedName(name, taken)).toBe(expected);
    expect(ClaimName.parse(proposedName(name, taken))).toBe(expected);
  });
});

it.each(['a', 'a-b', 'a.b', 'A', '-a', 'a-', '', 'a..b', 'x'.repeat(64), 'x'.repeat(254)])(
  'takes %j for a name as the contract does',
  text => {
    expect(isClaimName(text)).toBe(ClaimName.safeParse(text).success);
    expect(isNamespaceName(text)).toBe(NamespaceName.safeParse(text).success);
  }
);

it.each(['10Gi', '1.5Gi', '10', '10GB', 'big', '-1Gi', ''])(
  'takes %j for a size as the contract does',
  size => {
    const request = requestOf(draft());
    const target = { ...request.target, size };
    expect(isQuantity(size)).toBe(StartRestore.safeParse({ ...request, target }).success);
  }
);

describe('what is missing', () => {
  it.each<[string, Partial<Draft>, string[]]>([
    ['nothing', {}, []],
    ['a backup', { backup: '' }, ['backup']],
    ['a name', { target: { namespace: 'shop', name: 'Orders' } }, ['name']],
    ['a claim', { where: 'existing', target: { namespace: '', name: '' } }, ['namespace', 'name']],
    ['the original', { where: 'original', from: { namespace: 'shop', name: '' } }, ['original']],
    ['the original, in another cluster', { where: 'original', into: '' }, ['original']],
    [
      'the original of an archive of elsewhere',
      { where: 'original', backup: 'archive:x.tar.gz' },
      ['original'],
    ],
    ['a size', { size: 'big' }, ['size']],
    ['a label', { labels: { 'not good': 'x' } }, ['labels']],
  ])('is %s', (_, differs, expected) => {
    expect(problemsOf(draft(differs), 'where')).toEqual(expected);
  });
});

it('reads labels line by line', () => {
  expect(labelsOf(['app = shop', 'a=b=c', '', '=x', 'empty='])).toEqual({
    app: 'shop',
    a: 'b=c',
    empty: '',
  });
});
