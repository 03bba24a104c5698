import { expect, it } from 'vitest';
import { contextNames } from './contexts';

const YAML = `apiVersion: v1
clusters:
- cluster:
    server: https://10.0.0.1:6443
  name: of-the-cluster
contexts:
- context:
    cluster: a
    namespace: shop
    user: nkvm
  name: site-b
- name: "site c"
  context:
    cluster: c
    user: nkvm
current-context: site-b
kind: Config
users:
- name: nkvm
  user: {}
`;

it.each([
  ['YAML as kubectl writes it', YAML, ['site-b', 'site c']],
  ['indented YAML', YAML.replaceAll(/^(- |  )/gm, '  $1'), ['site-b', 'site c']],
  ['JSON', JSON.stringify({ contexts: [{ name: 'a' }, { name: 'b' }] }), ['a', 'b']],
  ['JSON without contexts', '{}', []],
  ['YAML on one line', 'contexts: [{ name: a }]', []],
  ['nothing', '', []],
])('finds the contexts in %s', (_, text, expected) => expect(contextNames(text)).toEqual(expected));
