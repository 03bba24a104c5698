import { expect, it } from 'vitest';
import { apiAnswer } from '../../testing/cluster/apiAnswer.ts';
import { watchProblem } from './watchProblem.ts';

it.each<[string, unknown, string]>([
  [
    'names the missing right',
    apiAnswer(403, 'User "x" cannot list resource "pods"'),
    'pods: the rights list and watch are missing, bind ClusterRole nkvm-cluster-discovery (User "x" cannot list resource "pods")',
  ],
  [
    'says that the credentials are refused',
    apiAnswer(401, 'Unauthorized'),
    'pods: the API server does not accept the credentials of NKVM (Unauthorized)',
  ],
  [
    'repeats what the API server says',
    apiAnswer(503, 'etcd leader changed'),
    'pods: etcd leader changed',
  ],
  [
    'repeats what the connection says',
    new Error('connect ECONNREFUSED'),
    'pods: connect ECONNREFUSED',
  ],
])('%s', (_, error, text) => expect(watchProblem('pods', error)).toBe(text));
