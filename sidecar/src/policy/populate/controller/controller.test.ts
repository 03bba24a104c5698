import { expect, it } from 'vitest';
import type { Claim } from '../../../cluster/inventory/inventory.ts';
import { testClaim } from '../../../testing/cluster/testClaim.ts';
import { exampleRestore } from '../../../testing/history/exampleRestore.ts';
import { handOverHere } from '../../../testing/policy/handOverHere.ts';
import type { Decision } from '../decision.ts';
import type { Shown } from './conditions.ts';
import type { ControllerWorld } from './controller.ts';
import { populateController } from './controller.ts';

const never = new AbortController().signal;
const WAIT: Decision = {
  ...{ kind: 'wait', retryMs: 10_000, reason: 'DestinationUnreachable' },
  ...{ message: 's3 did not answer', hint: 'wait' },
};
const EMPTY: Decision = { kind: 'empty', startedEmpty: 'none-found', message: 'none' };

const waits = (number: number): Claim =>
  testClaim({
    ...{ name: `data-${number}`, uid: `uid-${number}`, phase: 'Pending' },
    waitsForFirstConsumer: false,
    dataSource: {
      ...{ apiGroup: 'nkvm.io', kind: 'BackupRestore', name: `data-${number}` },
      namespace: null,
    },
  });

function controllerOf(claims: Claim[], change: Partial<ControllerWorld> = {}) {
  const said = new Map<string, Shown>();
  const cancelled: string[] = [];
  let version = 0;
  let clock = 0;
  let decision = WAIT;
  let isInstalled = true;
  const world: ControllerWorld = {
    ...handOverHere().world,
    history: {
      get: () => undefined,
      list: () => ({ backups: [], nextCursor: null }),
      unfinished: () => [],
    },
    places: { get: () => undefined, all: () => [], onChange: () => () => undefined } as never,
    queue: {
      add: async () => [],
      async cancel(id) {
        cancelled.push(id);
        return exampleRestore();
      },
    },
    inventory: {
      claims: namespace => claims.filter(each => !namespace || each.namespace === namespace),
      versions: () => new Map([['shop', `${version}`]]),
      isReady: () => true,
      namespace: name => ({ name, uid: 'uid', createdAt: '' }),
    },
    decisionFor: async () => decision,
    restores: { isInstalled: async () => isInstalled },
    tell: {
      async say(claim, shown) {
        said.set(claim.uid, shown);
      },
      last: uid => said.get(uid),
      forget: uid => void said.delete(uid),
    },
    log: { info: () => undefined, warn: () => undefined },
    clock: () => clock,
    ...change,
  };
  const controller = populateController(world);
  return {
    ...{ controller, said, cancelled },
    decides: (next: Decision) => void (decision = next),
    installs: (is: boolean) => void (isInstalled = is),
    /** One look, so many seconds later. */
    async look(seconds = 1): Promise<void> {
      clock += seconds * 1_000;
      version += 1;
      await controller.tick(never);
      await controller.settled();
    },
  };
}

it('lets 31 claims recover by themselves after one outage, without a change of any of them', async () => {
  const here = controllerOf(Array.from({ length: 31 }, (_, number) => waits(number)));
  await here.look();
  const reasons = () => new Set([...here.said.values()].map(({ reason }) => reason));
  expect([here.said.size, [...reasons()]]).toEqual([31, ['DestinationUnreachable']]);
  expect(here.controller.statusOf('shop', 'data-30')).toMatchObject({ state: 'waiting' });
  here.decides({
    ...EMPTY,
    kind: 'ask',
    retryMs: 1,
    choices: [],
    reason: 'Back',
    hint: '',
  } as never);
  await here.look();
  expect([...reasons()]).toEqual(['DestinationUnreachable']);
  here.controller.hurry();
  await here.look();
  expect([here.said.size, [...reasons()]]).toEqual([31, ['Back']]);
});

it('does nothing while zero touch is not installed', async () => {
  const here = controllerOf([waits(1)]);
  here.installs(false);
  await here.look(20);
  expect([here.said.size, here.controller.isInstalled()]).toEqual([0, false]);
  here.installs(true);
  await here.look(20);
  expect([here.said.size, here.controller.isInstalled()]).toEqual([1, true]);
});

it('keeps on while the API server does not say whether it is installed', async () => {
  let isAway = false;
  const isInstalled = async () => {
    if (isAway) throw new Error('away');
    return true;
  };
  const here = controllerOf([waits(1)], { restores: { isInstalled } });
  await here.look(20);
  isAway = true;
  await here.look(20);
  expect(here.controller.isInstalled()).toBe(true);
});

it('cancels the restore of a claim that was deleted, and forgets the claim', async () => {
  const claims = [waits(1)];
  const run = exampleRestore(
    { uid: 'uid-1', status: 'running', stage: 'copy', endedAt: null },
    { populates: { backup: '01kbackup', node: null } }
  );
  const history = {
    get: () => undefined,
    list: () => ({ backups: [], nextCursor: null }),
    unfinished: () => [run],
  };
  const here = controllerOf(claims, { history });
  await here.look();
  expect(here.controller.statusOf('shop', 'data-1')).toMatchObject({ state: 'restoring' });
  claims.pop();
  await here.look();
  expect(here.cancelled).toEqual([run.id]);
  expect(here.controller.statusOf('shop', 'data-1')).toBeNull();
});

const restored = (claim: Claim): Claim => ({
  ...claim,
  phase: 'Bound',
  policyNotes: { 'nkvm.io/restored-from': '01kbackup', 'nkvm.io/filled-for': claim.uid },
});

it('says of a claim that something else has bound that it was not restored, also after a restart', async () => {
  const claims = [waits(1), waits(2)];
  const here = controllerOf(claims);
  await here.look();
  claims[0] = { ...waits(1), phase: 'Bound' };
  claims[1] = restored(waits(2));
  await here.look();
  const lost = { state: 'needs-decision', reason: 'BoundWithoutRestore' };
  expect(here.controller.statusOf('shop', 'data-1')).toMatchObject(lost);
  expect(here.controller.statusOf('shop', 'data-2')).toBeNull();
  const again = controllerOf(claims);
  await again.look();
  expect(again.controller.statusOf('shop', 'data-1')).toMatchObject(lost);
  claims[0] = { ...waits(1), phase: 'Bound', policyNotes: { 'nkvm.io/start': 'empty' } };
  await again.look();
  expect(again.controller.statusOf('shop', 'data-1')).toBeNull();
});

it('leaves claims of others, bound ones and those that are being deleted alone', async () => {
  const others = [
    testClaim({ phase: 'Pending', uid: 'a' }),
    restored(waits(2)),
    { ...waits(3), terminating: true },
  ];
  const here = controllerOf(others);
  await here.look();
  expect(here.said.size).toBe(0);
});

it('looks again at once when the scheduler has chosen a node for the first pod of a claim', async () => {
  const claim: Claim = { ...waits(1), waitsForFirstConsumer: true, pods: [] };
  const pod = { name: 'db-0', node: null } as unknown as Claim['pods'][number];
  const claims = [{ ...claim, pods: [pod] }];
  let decisions = 0;
  const here = controllerOf(claims, {
    decisionFor: async () => {
      decisions += 1;
      return WAIT;
    },
  });
  await here.look();
  await here.look();
  expect(decisions).toBe(1);
  claims[0] = { ...claim, pods: [pod], selectedNode: 'node-a' };
  await here.look();
  expect(decisions).toBe(2);
});
