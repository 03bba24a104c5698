import { mkdtempSync, rmSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { AuditEntryShown } from '../../../api/index.ts';
import { auditTrail } from '../../history/audit/auditTrail.ts';
import { openAudit } from '../../history/audit/openAudit.ts';
import { createLog } from '../../observe/log.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld, jwt } from '../../testing/httpWorld.ts';
import { AUDITED_ACTIONS } from './auditedActions.ts';

let world: HttpTestWorld;
beforeEach(async () => {
  world = await httpWorld();
});
afterEach(() => world.close());

const ORDERS = { namespace: 'shop', name: 'orders-db' };
const entries = async (filter = {}): Promise<AuditEntryShown[]> =>
  (await world.audit.page(filter, Infinity, 1_000)).entries;
const newest = async (): Promise<AuditEntryShown | undefined> => (await entries())[0];
const start = (who: string | undefined, volumes: object[] = [ORDERS], headers = {}) =>
  world.ask(who, 'POST', 'backups', { volumes }, headers);

it('every route has a row, and every row a route', async () => {
  const routes: string[] = [];
  await world.close();
  const never = { plan: async () => Promise.reject(new Error('not asked')) } as never;
  world = await httpWorld({
    ...{ restores: never, drills: never },
    onRoute: ({ method, url }) => routes.push(`${method} ${url}`),
  });
  expect(routes.sort()).toEqual(Object.keys(AUDITED_ACTIONS).sort());
});

describe('a call that changes something', () => {
  it('is recorded with caller, place, target and runs, before and after', async () => {
    const answer = await start('shopper', [ORDERS], { 'x-forwarded-for': '6.6.6.6, 192.0.2.7' });
    expect(answer.status).toBe(202);
    const entry = await newest();
    expect(entry).toMatchObject({
      ...{
        phase: 'ended',
        cluster: 'test',
        action: 'backup.start',
        result: 'allowed',
        status: 202,
      },
      actor: { kind: 'user', name: 'shopper' },
      from: { peer: '127.0.0.1', client: '192.0.2.7' },
      claims: [{ ...ORDERS, uid: 'uid-shop-orders-db' }],
      runs: [answer.body.backups[0].id],
    });
    expect(entry?.begun).toBe(entry!.sequence - 1);
    expect((await world.audit.check()).isWhole).toBe(true);
  });

  it('that is refused names the missing right', async () => {
    expect((await start('viewer')).status).toBe(403);
    expect(await newest()).toMatchObject({
      ...{ action: 'backup.start', result: 'refused', status: 403, reason: 'Forbidden' },
      actor: { name: 'viewer' },
      detail: expect.stringContaining(
        'may not create persistentvolumeclaims/backup of orders-db in namespace shop'
      ),
      claims: [{ ...ORDERS, uid: 'uid-shop-orders-db' }],
    });
  });

  it('says which of its volumes were refused', async () => {
    expect((await start('shopper', [ORDERS, { namespace: 'shop', name: 'new' }])).status).toBe(202);
    expect((await newest())?.detail).toBe('refused: shop/new (ClaimNotBound)');
  });

  it('of nobody, or with a body that is wrong, has no target', async () => {
    expect((await start(undefined)).status).toBe(401);
    expect(await newest()).toMatchObject({
      ...{ result: 'refused', status: 401, reason: 'TokenMissing', claims: [] },
      actor: { kind: 'unknown', name: null },
    });
    const body = { volumes: [{ ...ORDERS, password: 'hunter2' }], 'AGE-SECRET-KEY-1': 'hunter2' };
    expect((await world.ask('shopper', 'POST', 'backups', body)).status).toBe(400);
    const entry = await newest();
    expect(entry).toMatchObject({ status: 400, reason: 'BadRequest', claims: [], detail: null });
    expect(JSON.stringify(await entries())).not.toContain('hunter2');
  });

  it('is refused when it cannot be recorded, and does nothing', async () => {
    await world.close();
    const dir = mkdtempSync(join(tmpdir(), 'nkvm-audit-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    let isFull = false;
    const audit = await openAudit(join(dir, 'nkvm.db'), {
      files: {
        ...fs,
        async open(...words) {
          if (isFull) throw Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' });
          return await fs.open(...words);
        },
      },
    });
    onTestFinished(() => audit.close());
    let logged = '';
    const log = createLog('info', { write: line => (logged += line) });
    world = await httpWorld({
      audit: auditTrail({ audit, cluster: 'test', now: () => new Date(), log }),
    });
    isFull = true;
    const refused = await start('shopper');
    expect(refused).toMatchObject({
      status: 507,
      body: { reason: 'AuditFull', message: expect.stringContaining('Make room on it') },
    });
    expect(world.history.count()).toBe(0);
    expect(logged).toContain('"action":"backup.start"');
    isFull = false;
    expect((await start('shopper')).status).toBe(202);
    const { entries: all } = await audit.page({}, Infinity, 10);
    expect(all.map(({ action }) => action).sort()).toEqual(['audit.gap', 'backup.start']);
    expect(all.find(({ action }) => action === 'audit.gap')).toMatchObject({ repeated: 1 });
  });
});

describe('a call that reads data', () => {
  it('is recorded by the claim of the backup, also when it is said not to exist', async () => {
    const run = exampleRun({ namespaceUid: 'uid-shop' });
    await world.history.add([run]);
    await world.ask('shopper', 'GET', `backups/${run.id}/files?search=salaries.xlsx`);
    expect(await newest()).toMatchObject({
      ...{ phase: 'whole', action: 'archive.search', backup: run.id, result: 'refused' },
      claims: [{ namespace: run.namespace, name: run.name, uid: run.uid }],
    });
    expect(JSON.stringify(await entries())).not.toContain('salaries');
  });

  it('of volumes, runs and health is not recorded', async () => {
    for (const path of ['volumes', 'backups', 'info', 'policy', 'destinations'])
      expect((await world.ask('admin', 'GET', path)).status).toBe(200);
    await world.app.inject('/healthz');
    expect(await entries()).toEqual([]);
  });
});

it('has no token in any entry or line of the log', async () => {
  const token = jwt('shopper');
  await start(token);
  await start(jwt('stranger'));
  await world.ask(token, 'POST', 'destinations/local/unlock', { passphrase: 'hunter2' });
  const texts = JSON.stringify(await entries()) + world.logged;
  expect(await entries()).toHaveLength(3);
  for (const secret of [token, jwt('stranger'), 'hunter2']) expect(texts).not.toContain(secret);
});

it('is in the log with the same fields, the sequence and the hash', async () => {
  await start('shopper');
  const entry = await newest();
  const lines = world.logged
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
    .filter(({ audit }) => audit);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    msg: 'audit: shopper: backup.start: allowed',
    audit: { ...{ sequence: entry?.sequence, hash: entry?.hash }, action: 'backup.start' },
  });
});

it('counts callers without a token beyond a limit, instead of an entry for each', async () => {
  for (let at = 0; at < 50; at += 1) await start(undefined);
  const before = await entries({ result: 'refused' });
  expect(before.length).toBeLessThan(30);
  await start('viewer');
  expect((await newest())?.actor.name).toBe('viewer');
  await world.app.close();
  const [told] = await entries({ action: 'call' });
  expect((told?.repeated ?? 0) + before.length).toBe(50);
});

describe('GET /api/v1/audit', () => {
  beforeEach(async () => {
    await start('shopper');
    await start('viewer');
  });

  it('needs the right to read it, and its refusal is recorded', async () => {
    expect(await world.ask('shopper', 'GET', 'audit')).toMatchObject({
      status: 403,
      body: { detail: 'shopper may not get audit.nkvm.io in namespace nkvm' },
    });
    expect((await world.ask('shopper', 'POST', 'audit/check')).status).toBe(403);
    expect((await entries({ action: 'audit', result: 'refused' })).length).toBe(2);
  });

  it('gives pages, by filters', async () => {
    world.grants.auditor = ['get audit nkvm'];
    const first = (await world.ask('auditor', 'GET', 'audit?limit=1&action=backup')).body;
    expect(first.entries).toMatchObject([{ actor: { name: 'viewer' }, result: 'refused' }]);
    const path = `audit?limit=1&action=backup&cursor=${first.nextCursor}`;
    const second = (await world.ask('auditor', 'GET', path)).body;
    expect(second.entries).toMatchObject([{ actor: { name: 'shopper' }, result: 'allowed' }]);
    expect(first.actions).toContain('archive.search');
    const by = async (query: string) =>
      (await world.ask('auditor', 'GET', `audit?${query}`)).body.entries.length;
    expect(await by('who=SHOP')).toBe(1);
    expect(await by('namespace=shop&claim=orders-db')).toBe(2);
    expect(await by('namespace=bank')).toBe(0);
    expect((await world.ask('auditor', 'GET', 'audit?action=%00')).status).toBe(400);
  });

  it.each([
    ['audit?format=csv&action=backup', {}],
    ['audit?action=backup', { accept: 'text/csv' }],
  ])('gives all pages as a table: %s %j', async (path, headers) => {
    world.grants['=cmd|calc'] = [];
    for (let at = 0; at < 5; at += 1) await start('=cmd|calc');
    const answer = await world.app.inject({
      url: `/api/v1/${path}&limit=1`,
      headers: { ...headers, 'x-nkvm-token': 'admin' },
    });
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).toContain('nkvm-audit.csv');
    const lines = answer.body.trimEnd().split('\r\n');
    expect(lines).toHaveLength(8);
    expect(lines[1]).toContain(`,"'=cmd|calc",`);
    expect(lines[7]).toContain('"shopper"');
  });

  it('checks the chain', async () => {
    expect(await world.ask('admin', 'POST', 'audit/check')).toMatchObject({
      status: 200,
      body: { isWhole: true, broken: null, first: 1 },
    });
  });
});
