import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Backup, StartedBackups } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { exampleCheck } from '../../testing/history/exampleRestore.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

let world: HttpTestWorld;

beforeEach(async () => {
  world = await httpWorld();
});
afterEach(() => world.close());

const start = async (who: string, ...claims: [namespace: string, name: string][]) => {
  const volumes = claims.map(([namespace, name]) => ({ namespace, name }));
  const { body } = await world.ask(who, 'POST', 'backups', { volumes });
  return (body as StartedBackups).backups;
};

describe('the place of a run in the queue', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c']) {
      world.put('billing', name);
      world.put('shop', name);
    }
    await start('admin', ['billing', 'a'], ['billing', 'b'], ['billing', 'c']);
  });

  it('counts the runs of the namespace, for callers who may list backups of this one only', async () => {
    const [first, second] = await start('shopper', ['shop', 'a'], ['shop', 'b']);
    expect([first?.queuePosition, second?.queuePosition]).toEqual([1, 2]);
    const read = async (who: string): Promise<(number | null)[]> => {
      const one = await world.ask(who, 'GET', `backups/${second?.id}`);
      const list = await world.ask(who, 'GET', 'backups?namespace=shop&name=b');
      return [one.body.queuePosition, list.body.backups[0].queuePosition];
    };
    expect(await read('shopper')).toEqual([2, 2]);
    // One run of billing is under way, and its other two take turns with those of shop.
    expect(await read('admin')).toEqual([3, 3]);
    const stream = await world.follow('shopper', `backups/${second?.id}/events`);
    await world.ask('shopper', 'POST', `backups/${second?.id}/cancel`);
    await stream.ended;
    expect(stream.events.map(({ data }: { data: Backup }) => data.queuePosition)).toEqual([
      2,
      null,
    ]);
  });

  it('is not for callers who may see single volumes only', async () => {
    world.grants.single?.push('get persistentvolumeclaims/backup shop/orders-db');
    await start('admin', ['shop', 'a']);
    const [run] = await start('single', ['shop', 'orders-db']);
    expect(run).toMatchObject({ status: 'queued', queuePosition: null });
    const { body } = await world.ask('single', 'GET', `backups/${run?.id}`);
    expect(body).toMatchObject({ status: 'queued', queuePosition: null });
  });
});

describe('where a destination is', () => {
  const HOST = 'nas.example.com';
  const text = `destination nas: nothing listens at ${HOST}:990`;
  const failed = {
    ...({ status: 'failed', stage: 'copy', reason: 'ConnectionRefused' } as const),
    ...{ message: text, hint: text },
    ...{ namespace: 'shop', name: 'orders-db', uid: 'uid-shop-orders-db' },
    namespaceUid: 'uid-shop',
  };

  beforeEach(async () => {
    const settings = { host: HOST, username: 'backup', password: 'x', tls: 'implicit' };
    world.configure([{ name: 'nas', kind: 'ftps', data: settings, annotations: {} }]);
    const [copy] = exampleRun().copies;
    const problem = {
      stage: 'copy',
      reason: 'x',
      message: text,
      hint: text,
      failureClass: 'unknown',
    };
    const copies = copy && [{ ...copy, destination: 'nas', state: 'failed', problem } as const];
    await world.history.add([
      exampleRun({ ...failed, id: 'b', warnings: [text], copies: copies as Backup['copies'] }),
      exampleCheck('verify', { ...failed, id: 'v' }),
    ]);
  });

  const answersOf = async (who: string): Promise<string[]> => {
    const paths = [
      ...['backups', 'backups/b', 'backups/b/checks', 'checks/v'],
      ...['volumes', 'volumes/shop/orders-db', 'policy', 'policy/shop/orders-db'],
    ];
    const answers: string[] = [];
    for (const path of paths) {
      const { status, body } = await world.ask(who, 'GET', path);
      expect(status).toBe(200);
      answers.push(`${path} ${JSON.stringify(body)}`);
    }
    for (const path of ['backups/b/events', 'checks/v/events']) {
      const stream = await world.follow(who, path);
      await stream.ended;
      answers.push(`${path} ${JSON.stringify(stream.events)}`);
    }
    return answers;
  };

  it('is in no text, for callers who may not read destinations', async () => {
    for (const answer of await answersOf('shopper')) {
      expect(answer).not.toContain(HOST);
      if (!/^(policy|backups\/b\/checks)/.test(answer))
        expect(answer).toContain('destination nas: nothing listens at …');
    }
    const all = (await answersOf('admin')).filter(answer => answer.includes(text));
    expect(all.map(answer => answer.split(' ')[0])).toEqual(
      expect.arrayContaining(['backups', 'backups/b', 'volumes', 'checks/v', 'backups/b/events'])
    );
  });

  it('cannot be guessed from the tag of a list either', async () => {
    const { body, headers } = await world.ask('shopper', 'GET', 'volumes');
    const digest = createHash('sha256').update(JSON.stringify(body)).digest('base64url');
    expect(headers.etag).toBe(`"${digest}"`);
    const known = { 'if-none-match': `"${digest}"` };
    expect((await world.ask('shopper', 'GET', 'volumes', undefined, known)).status).toBe(304);
  });

  it('is in no problem either', async () => {
    const refused = new StageError('queue', 'ConnectionRefused', text, text, 'transient');
    const admit = async () => Promise.reject(refused);
    await world.close();
    world = await httpWorld({ admission: { admit } });
    const settings = { host: HOST, username: 'backup', password: 'x', tls: 'implicit' };
    world.configure([{ name: 'nas', kind: 'ftps', data: settings, annotations: {} }]);
    const detailFor = async (who: string): Promise<string> => {
      const volumes = [{ namespace: 'shop', name: 'orders-db' }];
      return (await world.ask(who, 'POST', 'backups', { volumes })).body.detail;
    };
    expect(await detailFor('admin')).toContain(HOST);
    expect(await detailFor('shopper')).toMatch(/nothing listens at …/i);
  });
});

describe('an id of something in another namespace', () => {
  beforeEach(async () => {
    const billing = { namespace: 'billing', name: 'invoices', namespaceUid: 'uid-billing' };
    await world.history.add([
      exampleRun({ ...billing, id: 'b' }),
      exampleCheck('verify', { ...billing, id: 'v' }),
    ]);
  });

  it.each([
    ['GET', 'backups/ID'],
    ['GET', 'backups/ID/events'],
    ['POST', 'backups/ID/cancel'],
    ['POST', 'backups/ID/verify'],
    ['GET', 'backups/ID/checks'],
    ['POST', 'backups/ID/copies', { destination: 'local' }],
    ['GET', 'backups/ID/files?path='],
    ['GET', 'backups/ID/files/versions?path=a'],
    ['GET', 'backups/ID/comparison?with=ID&path='],
    ['POST', 'backups/ID/downloads', { paths: [] }],
    ['GET', 'checks/ID'],
    ['GET', 'checks/ID/events'],
    ['POST', 'checks/ID/cancel'],
    ['GET', 'copies/ID'],
    ['POST', 'copies/ID/cancel'],
  ] as const)('is as one that does not exist: %s %s', async (method, path, body?: object) => {
    const id = path.startsWith('checks') ? 'v' : 'b';
    const answer = async (of = '') => {
      const { status, body: problem } = await world.ask(
        'shopper',
        method,
        path.replaceAll('ID', of),
        body
      );
      return JSON.stringify({ status, problem }).replaceAll(
        /there is no (\w+) \w+/g,
        'there is no $1'
      );
    };
    const there = await answer(id);
    expect(there).toBe(await answer('nothing'));
    expect(JSON.parse(there).status).toBe(404);
  });
});
