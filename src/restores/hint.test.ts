import { expect, it } from 'vitest';
import { hintOf } from './hint';

it.each([
  ['choose another name', { text: 'choose another name' }],
  [
    'allow it with: kubectl create rolebinding a -n b --serviceaccount c:d',
    { text: 'allow it with', command: 'kubectl create rolebinding a -n b --serviceaccount c:d' },
  ],
  ['run `kubectl get pods -n shop`', { text: 'run', command: 'kubectl get pods -n shop' }],
  ['kubectl get pods', { text: '', command: 'kubectl get pods' }],
])('takes the command out of %j', (hint, expected) => {
  expect(hintOf(hint)).toEqual(expected);
});
