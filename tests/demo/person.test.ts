import { expect, it } from 'vitest';
import { introduce } from './person.ts';

const { ofSidecar, ofPage } = introduce({ username: 'anna' });
const path = '/api/v1/namespaces/shop/events';

it('keeps Events of the demo from a real cluster, where they would outlive its archives', () => {
  const event = { reason: 'BackupSucceeded', source: { component: 'nkvm' } };
  expect(ofSidecar(path, event)).toEqual({ answer: event });
});

it('leaves other Events, and those of the page, to the cluster', () => {
  expect(ofSidecar(path, { source: { component: 'kubelet' } })).toBeUndefined();
  expect(ofPage(path, { source: { component: 'nkvm' } })).toBeUndefined();
});
