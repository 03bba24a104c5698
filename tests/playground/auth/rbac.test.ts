import { describe, expect, it } from 'vitest';
import { type Attributes, grants, type Rule } from './rbac.ts';

const backup: Attributes = {
  verb: 'create',
  group: '',
  resource: 'persistentvolumeclaims',
  subresource: 'backup',
  namespace: 'shop',
  name: 'orders-db',
};
const rule = (resources: string[], more: Partial<Rule> = {}): Rule => ({
  apiGroups: [''],
  verbs: ['create'],
  resources,
  ...more,
});

describe('a rule of a role', () => {
  it.each<[string, Rule, boolean]>([
    ['names the subresource', rule(['persistentvolumeclaims/backup']), true],
    ['names the resource only', rule(['persistentvolumeclaims']), false],
    ['names another subresource', rule(['persistentvolumeclaims/archive']), false],
    ['names the subresource of every resource', rule(['*/backup']), true],
    ['names everything', rule(['*']), true],
    ['names everything of every group', rule(['*'], { apiGroups: ['*'] }), true],
    ['names everything of another group', rule(['*'], { apiGroups: ['apps'] }), false],
    ['has another verb', rule(['*'], { verbs: ['get'] }), false],
    ['has every verb', rule(['*'], { verbs: ['*'] }), true],
    ['names the object', rule(['*'], { resourceNames: ['orders-db'] }), true],
    ['names another object', rule(['*'], { resourceNames: ['other'] }), false],
    ['is for paths', { verbs: ['*'], nonResourceURLs: ['*'] }, false],
  ])('that %s', (_, given, isGranted) => expect(grants(given, backup)).toBe(isGranted));

  it('that names objects grants nothing on objects without a name', () => {
    const list: Attributes = { verb: 'list', group: '', resource: 'pods' };
    expect(grants({ ...rule(['pods'], { verbs: ['list'] }) }, list)).toBe(true);
    expect(grants(rule(['pods'], { verbs: ['list'], resourceNames: ['a'] }), list)).toBe(false);
  });

  it.each<[string, string, boolean]>([
    ['/healthz', '/healthz', true],
    ['/api/*', '/api/v1', true],
    ['/api/*', '/api', false],
    ['*', '/anything', true],
  ])('for the path %s and %s', (url, path, isGranted) =>
    expect(grants({ verbs: ['get'], nonResourceURLs: [url] }, { verb: 'get', path })).toBe(
      isGranted
    )
  );
});
