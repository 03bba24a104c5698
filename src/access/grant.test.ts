import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { grantOf, yamlOf } from './grant';
import { identityOf, idOf, subjectsOf } from './subjects';

const account = (name: string, namespace = 'shop', exists = true) =>
  ({ kind: 'ServiceAccount', name, namespace, exists } as const);

describe('the objects of a grant', () => {
  it.each([
    ['an account of the namespace', account('nkvm-user')],
    ['one that does not exist', account('nkvm-user', 'shop', false)],
    ['one of another namespace', account('nkvm-schedule', 'nkvm')],
    ['names that YAML could take for something else', account('1e3', 'no')],
  ])('are the same as YAML: %s', (_, subject) => {
    const objects = grantOf(subject, 'nkvm-operator', subject.namespace === 'no' ? 'no' : 'shop');
    expect(parseAllDocuments(yamlOf(objects)).map(each => each.toJS())).toEqual(objects);
  });

  it('have a name for each subject, and create an account that does not exist', () => {
    const names = (subject: ReturnType<typeof account>) =>
      grantOf(subject, 'nkvm-viewer', 'shop').map(
        ({ kind, metadata }) => `${kind} ${metadata.name}`
      );
    expect(names(account('nkvm-user', 'shop', false))).toEqual([
      'ServiceAccount nkvm-user',
      'RoleBinding nkvm-viewer-nkvm-user',
    ]);
    expect(names(account('cron', 'nkvm'))).toEqual(['RoleBinding nkvm-viewer-nkvm-cron']);
  });
});

describe('the subjects of a namespace', () => {
  it('are its accounts and those of its bindings, each once, that of the pages first', () => {
    const bindings = [
      {
        subjects: [
          { kind: 'User', name: 'ann' },
          { kind: 'Group', name: 'team' },
          { kind: 'ServiceAccount', name: 'cron', namespace: 'nkvm' },
          { kind: 'ServiceAccount', name: 'builder', namespace: 'shop' },
        ],
      },
      {
        subjects: [
          { kind: 'User', name: 'ann' },
          { kind: 'Group', name: 'system:authenticated' },
        ],
      },
      { subjects: [{ kind: 'ServiceAccount', name: 'nkvm-runner', namespace: 'nkvm' }] },
      {},
    ];
    const found = subjectsOf('shop', ['builder', 'default'], bindings);
    expect(found.map(each => `${idOf(each)}${each.exists ? '' : ' missing'}`)).toEqual([
      'ServiceAccount/shop/nkvm-user missing',
      'ServiceAccount/nkvm/cron',
      'ServiceAccount/shop/builder',
      'ServiceAccount/shop/default',
      'User/ann',
      'Group/team',
    ]);
  });

  it('have the groups that the API server gives them', () => {
    expect(identityOf(account('default'))).toEqual({
      user: 'system:serviceaccount:shop:default',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
    });
    expect(identityOf({ kind: 'Group', name: 'team' })).toEqual({ groups: ['team'] });
  });
});
