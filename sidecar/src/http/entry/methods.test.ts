import { expect, it } from 'vitest';
import { methodsOfPaths } from './methods.ts';

const methods = methodsOfPaths();
methods.add('GET', '/api/v1/backups');
methods.add('POST', '/api/v1/backups');
methods.add(['GET', 'DELETE'], '/api/v1/backups/:id');
methods.add('POST', '/api/v1/backups/new');
methods.add('GET', '/api/v1/openapi.json');

it.each<[string, string[]]>([
  ['/api/v1/backups', ['GET', 'POST']],
  ['/api/v1/backups/x', ['DELETE', 'GET']],
  ['/api/v1/backups/new', ['POST']],
  ['/api/v1/backups/', []],
  ['/api/v1/backups/x/y', []],
  ['/api/v1/openapiXjson', []],
  ['/', []],
])('%s has %j', (path, expected) => {
  expect(methods.of(path)).toEqual(expected);
});
