import { apiVersionOf, type Kind, KINDS } from '../store/kinds.ts';
import { VERSION } from './version.ts';

const info = { title: 'Playground', version: VERSION.gitVersion };

/**
 * OpenAPI as far as kubectl needs it: which kinds can be patched, and that the server looks at fields itself. Kinds are
 * not described.
 * @returns undefined when there is nothing at that path.
 */
export function openapi(path: string): object | undefined {
  if (path === '/openapi/v2') return { swagger: '2.0', info, paths: {}, definitions: {} };
  const documents = [...new Set(KINDS.map(documentOf))];
  if (path === '/openapi/v3') {
    const entries = documents.map(name => [name, { serverRelativeURL: `/openapi/v3/${name}` }]);
    return { paths: Object.fromEntries(entries) };
  }
  const document = documents.find(name => path === `/openapi/v3/${name}`);
  if (!document) return undefined;
  const paths = KINDS.filter(kind => documentOf(kind) === document).map(kind => [
    `/${document}/${kind.namespaced ? 'namespaces/{namespace}/' : ''}${kind.plural}/{name}`,
    { patch: patchOf(kind) },
  ]);
  return { openapi: '3.0.0', info, paths: Object.fromEntries(paths) };
}

const documentOf = (kind: Kind): string =>
  `${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}`;

const patchOf = ({ group, version, kind }: Kind): object => ({
  parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
  responses: {},
  'x-kubernetes-action': 'patch',
  'x-kubernetes-group-version-kind': { group, version, kind },
});
