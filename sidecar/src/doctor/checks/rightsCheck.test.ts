import { describe, expect, it } from 'vitest';
import type { Action } from '../../cluster/gateway/access.ts';
import { nameOfAction } from '../neededRights.ts';
import { checkNamespaces } from './namespacesCheck.ts';
import { checkRights } from './rightsCheck.ts';

/** NKVM with all rights but these. */
const without = (isMissing: (action: Action) => boolean) => ({
  mayI: async (action: Action) => !isMissing(action),
});
const named =
  (...names: string[]) =>
  (action: Action) =>
    names.includes(nameOfAction(action));

describe('the rights of NKVM', () => {
  it('are complete', async () => {
    expect(await checkRights(without(named()), 'nkvm', true)).toMatchObject([{ outcome: 'ok' }]);
  });

  it('lack one, which is named with the rule that grants it', async () => {
    const [found, ...others] = await checkRights(
      without(named('watch nodes', 'list jobs.batch')),
      'nkvm',
      true
    );
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      outcome: 'failed',
      text: expect.stringMatching(/^NKVM may not watch nodes, list jobs\.batch: /),
      toDo: expect.stringContaining('ClusterRole nkvm-cluster-discovery'),
      paste:
        "- apiGroups: ['']\n  resources: [nodes]\n  verbs: [watch]\n" +
        "- apiGroups: ['batch']\n  resources: [jobs]\n  verbs: [list]",
    });
  });

  it('lack all of a role, with the command that binds it', async () => {
    const isOf = ({ group }: Action) => /^auth/.test(group);
    expect(await checkRights(without(isOf), 'backups', true)).toMatchObject([
      {
        outcome: 'failed',
        paste:
          'kubectl create clusterrolebinding nkvm-auth-delegator.backups --clusterrole system:auth-delegator --serviceaccount backups:nkvm-runner',
      },
    ]);
    const isSecret = ({ resource, verb }: Action) => resource === 'secrets' && verb !== 'create';
    expect(await checkRights(without(isSecret), 'backups', true)).toMatchObject([
      {
        outcome: 'warning',
        paste:
          'kubectl create rolebinding nkvm-destinations -n backups --role nkvm-destinations --serviceaccount backups:nkvm-runner',
      },
      { outcome: 'warning', text: expect.stringMatching(/may not patch secrets, delete secrets:/) },
    ]);
  });

  it('need no Lease outside of a pod', async () => {
    const isLease = ({ resource }: Action) => resource === 'leases';
    expect(await checkRights(without(isLease), 'nkvm', false)).toMatchObject([{ outcome: 'ok' }]);
    expect(await checkRights(without(isLease), 'nkvm', true)).toMatchObject([
      {
        outcome: 'failed',
        text: expect.stringContaining('update leases.coordination.k8s.io nkvm'),
      },
    ]);
  });
});

describe('the namespaces of helper pods', () => {
  const OPEN = ['billing', 'shop'];
  const all = { seesNamespaces: true, seesDestinations: true };
  const check = (
    isMissing: (action: Action) => boolean,
    { viewer = all, scheduled = [] as string[], selector = undefined as string | undefined } = {}
  ) =>
    checkNamespaces(
      {
        access: without(
          action => !(action.namespace && OPEN.includes(action.namespace)) || isMissing(action)
        ),
        open: { known: async name => OPEN.includes(name) },
        selector,
        namespaces: ['billing', 'other', 'shop'],
        scheduled,
      },
      viewer
    );

  it('are counted and named', async () => {
    expect(await check(() => false)).toMatchObject([
      {
        outcome: 'ok',
        text: 'NKVM may run helper pods in 2 of 3 namespaces with volumes (billing, shop)',
      },
    ]);
  });

  it('lack a right, with the namespaces where it is missing', async () => {
    const isMissing = (action: Action) =>
      action.namespace === 'shop' && nameOfAction(action) === 'get pods/log';
    expect((await check(isMissing)).slice(1)).toMatchObject([
      {
        outcome: 'failed',
        text: expect.stringMatching(/^in 1 namespaces \(shop\), NKVM may not get pods\/log: /),
        paste: "- apiGroups: ['']\n  resources: [pods/log]\n  verbs: [get]",
      },
      { outcome: 'failed', text: expect.stringContaining('restores') },
    ]);
  });

  it('do not need the rights of restores', async () => {
    const isOfRestores = ({ resource }: Action) => resource === 'persistentvolumeclaims';
    expect(await check(isOfRestores)).toHaveLength(1);
  });

  it('where a schedule cannot work are a failure', async () => {
    expect((await check(() => false, { scheduled: ['other', 'shop'] })).slice(1)).toMatchObject([
      {
        outcome: 'failed',
        text: expect.stringContaining('volumes in 1 namespaces have a schedule'),
        paste: expect.stringContaining('kubectl create rolebinding nkvm-runtime -n other '),
      },
    ]);
  });

  const boundForAll = (selector?: string) =>
    checkNamespaces(
      {
        access: without(() => false),
        open: { known: async name => (selector && name !== 'billing' ? 'unselected' : true) },
        selector,
        namespaces: ['billing', 'other'],
        scheduled: ['other'],
      },
      all
    );

  it('are all of them where the role is bound for the whole cluster: a warning', async () => {
    expect(await boundForAll()).toMatchObject([
      {
        outcome: 'warning',
        text: expect.stringContaining('in all namespaces'),
        toDo: expect.stringContaining('NKVM_NAMESPACE_SELECTOR'),
      },
    ]);
  });

  it('are those that a selector matches, and a schedule elsewhere is a failure', async () => {
    expect(await boundForAll('team=a')).toMatchObject([
      {
        outcome: 'ok',
        text: 'NKVM may run helper pods in 1 of 2 namespaces with volumes (billing): those that match team=a',
      },
      { outcome: 'failed', text: expect.stringContaining('(other)'), paste: null },
    ]);
  });

  it('are not opened by a selector alone', async () => {
    expect(await check(() => false, { selector: 'team=a' })).toMatchObject([
      { outcome: 'ok' },
      { outcome: 'warning', text: expect.stringContaining('(team=a) opens no namespace') },
    ]);
  });

  it('are not named to a caller who may not see them', async () => {
    const isMissing = (action: Action) => nameOfAction(action) === 'get pods/log';
    const found = await check(isMissing, {
      viewer: { seesNamespaces: false, seesDestinations: true },
      scheduled: ['other'],
    });
    expect(found.length).toBeGreaterThan(2);
    expect(JSON.stringify(found)).not.toMatch(/billing|other\b(?! version)|shop/);
  });
});
