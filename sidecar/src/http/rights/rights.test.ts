import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Action, PathAction, Subject } from '../../cluster/gateway/access.ts';
import { rightsOf } from './rights.ts';

const listClaims: Action = { verb: 'list', group: '', resource: 'persistentvolumeclaims' };
const subject = (change: Partial<Subject> = {}): Subject => ({
  username: 'anna',
  uid: undefined,
  groups: [],
  extra: {},
  ...change,
});

it('remembers an answer for ten seconds, for exactly this subject and action', async () => {
  let now = 0;
  const asked: Subject[] = [];
  const may = async (who: Subject) => asked.push(who) > 0;
  const rights = rightsOf({ may }, () => now);
  const ask = (change: Partial<Subject> = {}) => rights.has(subject(change), listClaims);
  await ask();
  await ask();
  expect(asked).toHaveLength(1);
  await ask({ extra: { scopes: ['user:info'] } }); // e.g. a scoped token of OpenShift
  expect(asked).toHaveLength(2);
  await ask({ groups: ['admins'] });
  await rights.has(subject(), { ...listClaims, namespace: 'shop' });
  expect(asked).toHaveLength(4);
  now = 10_000;
  await ask();
  expect(asked).toHaveLength(5);
});

it('asks again for an answer that is younger than asked for', async () => {
  let now = 0;
  let answer = true;
  const rights = rightsOf({ may: async () => answer }, () => now);
  expect(await rights.has(subject(), listClaims)).toBe(true);
  answer = false;
  now = 2_000;
  expect(await rights.has(subject(), listClaims)).toBe(true);
  expect(await rights.has(subject(), listClaims, 1_000)).toBe(false);
  expect(await rights.has(subject(), listClaims)).toBe(false);
});

describe('a look through many namespaces', () => {
  const world = () => {
    const state = { now: 0, allowed: ['shop'], asked: [] as string[] };
    const may = async (_: Subject, action: Action | PathAction) => {
      const namespace = 'namespace' in action ? action.namespace ?? '' : '';
      state.asked.push(namespace);
      return state.allowed.includes(namespace);
    };
    const rights = rightsOf({ may }, () => state.now);
    const look = async () => {
      state.asked = [];
      const all = ['shop', 'billing'].map(namespace =>
        rights.hasAmongMany(subject(), { ...listClaims, namespace })
      );
      return await Promise.all(all);
    };
    return { state, rights, look };
  };

  it('asks again after ten seconds for a right that was given, and after a minute for others', async () => {
    const { state, look } = world();
    expect(await look()).toEqual([true, false]);
    expect(state.asked).toEqual(['shop', 'billing']);
    state.now = 10_000;
    state.allowed = ['billing'];
    expect(await look()).toEqual([false, false]);
    expect(state.asked).toEqual(['shop']);
    state.now = 60_000;
    expect(await look()).toEqual([false, true]);
    expect(state.asked).toEqual(['billing']);
  });

  it('does not keep a new right from being used', async () => {
    const { state, rights, look } = world();
    await look();
    state.now = 10_000;
    state.allowed = ['billing'];
    await rights.need(subject(), { ...listClaims, namespace: 'billing' });
    expect(await look()).toEqual([false, true]);
  });
});

it('forgets the oldest answers first, and no others', async () => {
  const asked: string[] = [];
  const may = async (_: Subject, action: Action | PathAction) => {
    asked.push('name' in action ? action.name ?? '' : '');
    return true;
  };
  const rights = rightsOf({ may }, () => 0);
  const ask = (name: string) => rights.has(subject(), { ...listClaims, name });
  for (let at = 0; at < 20_001; at += 1) await ask(`c-${at}`);
  asked.length = 0;
  await ask('c-20000');
  await ask('c-1');
  expect(asked).toEqual([]);
  await ask('c-0');
  expect(asked).toEqual(['c-0']);
});

it('forgets a failure, and never takes it for a yes', async () => {
  let isAway = true;
  const rights = rightsOf({
    may: async () => {
      if (isAway) throw new Error('connection refused');
      return true;
    },
  });
  await expect(rights.has(subject(), listClaims)).rejects.toMatchObject({ status: 503 });
  isAway = false;
  expect(await rights.has(subject(), listClaims)).toBe(true);
});

it.each(['anna', 'anna@example.com', "o'neill; rm -rf ~", '$(reboot)', '`x` "y" \\z'])(
  'names user %s in a command that a shell understands',
  async username => {
    const refusal = await rightsOf({ may: async () => false }).lacking(
      subject({ username }),
      listClaims
    );
    const command = refusal?.hint.replace(/^.*?: /, '').replace('kubectl', "printf '%s\\n'") ?? '';
    const words = execFileSync('sh', ['-c', command], { encoding: 'utf8' }).split('\n');
    expect(words[words.indexOf('--user') + 1]).toBe(username);
  }
);
