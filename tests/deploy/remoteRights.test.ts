import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

const MANIFESTS = join(import.meta.dirname, '../../deploy/k8s');
const objectsIn = (...files: string[]): unknown[] =>
  files.flatMap(file =>
    parseAllDocuments(readFileSync(join(MANIFESTS, file), 'utf8')).map(document => document.toJS())
  );

it('gives NKVM in another cluster the rights that it has in its own, and no others', () => {
  const own = ['discovery', 'runtime', 'restore', 'token-review'].map(name => `rbac/${name}.yaml`);
  expect(objectsIn('remote/rights.yaml')).toEqual(objectsIn(...own));
});

it('gives people in another cluster the roles that they have in that of NKVM', () => {
  const [account, ...roles] = objectsIn('remote/people.yaml');
  expect(objectsIn('rbac/service-accounts.yaml')).toContainEqual(account);
  expect(roles).toEqual(objectsIn('rbac/admin.yaml', 'rbac/users.yaml'));
});
