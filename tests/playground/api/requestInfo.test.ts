import { describe, expect, it } from 'vitest';
import { type RequestInfo, requestInfo } from './requestInfo.ts';

const core = { group: '', version: 'v1', rest: '' };

describe('what a request is about', () => {
  it.each<[string, string, RequestInfo]>([
    ['GET', '/api/v1/pods', { ...core, verb: 'list', resource: 'pods' }],
    ['GET', '/api/v1/pods?watch=1', { ...core, verb: 'watch', resource: 'pods' }],
    [
      'GET',
      '/api/v1/pods?fieldSelector=metadata.name%3Da',
      { ...core, verb: 'list', resource: 'pods', name: 'a' },
    ],
    ['GET', '/api/v1/namespaces', { ...core, verb: 'list', resource: 'namespaces' }],
    [
      'GET',
      '/api/v1/namespaces/shop',
      { ...core, verb: 'get', resource: 'namespaces', namespace: 'shop', name: 'shop' },
    ],
    [
      'PUT',
      '/api/v1/namespaces/shop/status',
      {
        ...core,
        verb: 'update',
        resource: 'namespaces',
        namespace: 'shop',
        name: 'shop',
        subresource: 'status',
      },
    ],
    [
      'DELETE',
      '/apis/apps/v1/namespaces/shop/deployments',
      {
        group: 'apps',
        version: 'v1',
        rest: '',
        verb: 'deletecollection',
        resource: 'deployments',
        namespace: 'shop',
      },
    ],
    [
      'POST',
      '/api/v1/namespaces/shop/serviceaccounts/a/token',
      {
        ...core,
        verb: 'create',
        resource: 'serviceaccounts',
        namespace: 'shop',
        name: 'a',
        subresource: 'token',
      },
    ],
    [
      'GET',
      '/api/v1/namespaces/nkvm/services/nkvm:http/proxy/a%2Fb/?x=1',
      {
        ...core,
        verb: 'get',
        resource: 'services',
        namespace: 'nkvm',
        name: 'nkvm:http',
        subresource: 'proxy',
        rest: '/a%2Fb/',
      },
    ],
    ['GET', '/version', { verb: 'get', path: '/version' }],
    ['GET', '/apis/apps/v1', { verb: 'get', path: '/apis/apps/v1' }],
    ['GET', '/api/v1', { verb: 'get', path: '/api/v1' }],
  ])('%s %s', (method, path, expected) =>
    expect(requestInfo(method, new URL(path, 'http://any'))).toEqual(expected)
  );
});
