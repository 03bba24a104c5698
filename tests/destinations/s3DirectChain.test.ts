import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseBase } from '../../sidecar/src/archive/chain/chooseBase.ts';
import { baseFor } from '../../sidecar/src/backup/chain/baseFor.ts';
import type { RunWorld } from '../../sidecar/src/backup/run.ts';
import { pushTransport } from '../../sidecar/src/helper/push/pushTransport.ts';
import type { RunRecord } from '../../sidecar/src/history/history.ts';
import { treeLines } from '../../sidecar/src/testing/chain/treeHistory.ts';
import { testListener } from '../../sidecar/src/testing/helper/pushWorld.ts';
import type { S3Server } from '../servers/s3Server.ts';
import { startVersitygw, versitygwMissing } from '../servers/versitygw.ts';
import { directRestoreWorld, recordOf } from './directRestoreWorld.ts';
import { directWorld } from './directWorld.ts';

const MiB = 1024 ** 2;

describe.skipIf(versitygwMissing)(`increments in s3 ${versitygwMissing ?? ''}`, () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startVersitygw();
  });
  afterAll(() => server.stop());

  it.each<[string, () => Promise<Partial<RunWorld>>]>([
    ['direct', async () => ({})],
    ['push', async () => ({ direct: undefined, transport: pushTransport(await testListener()) })],
  ])(
    'a full archive and an increment, with its snapshot file, travel by %s',
    async (transport, way) => {
      const world = await directWorld(server);
      const runs: RunRecord[] = [];
      const history = {
        archives: { failedChecks: () => new Set<string>() },
        list: () => ({ backups: [...runs].reverse(), nextCursor: null } as never),
        get: (id: string) => runs.find(run => run.id === id),
      };
      const change: Partial<RunWorld> = {
        ...(await way()),
        chooseBase: (asked, targets, patterns) =>
          chooseBase({
            ...{ mode: 'always', isHourly: false, isScheduled: false, isFullAsked: false },
            ...{ isSafety: false, isStoredUnpacked: false, patterns },
            base: baseFor(
              history,
              asked,
              targets.map(({ name }) => name)
            ),
            now: new Date(Date.UTC(2026, 10, 21, 11)),
          }),
      };
      const backUp = async (id: string) => {
        const end = await world.backUp(change, undefined, { id });
        expect(end).toMatchObject({ status: 'success', transport });
        const createdAt = '2026-11-21T10:00:00.000Z';
        const claim = { uid: 'uid-1', namespace: 'shop', name: 'orders-db' };
        runs.push({ ...recordOf(end), ...claim, id, createdAt });
      };
      await backUp('01k0example0000000000000a1');
      writeFileSync(join(world.dir, 'more'), randomBytes(20 * MiB));
      rmSync(join(world.dir, 'orders'));
      writeFileSync(join(world.dir, 'small'), 'small');
      await backUp('01k0example0000000000000a2');
      const [full, increment] = runs;
      expect(increment?.chain?.links).toMatchObject([{ runId: full?.id }]);
      const { keys } = await world.held();
      expect(keys.filter(key => key.includes('snapshot'))).toHaveLength(2);
      const to = directRestoreWorld([world.destination]);
      expect(await to.restore(runs)).toMatchObject({ status: 'success', warnings: [] });
      expect(to.reported.findLast(each => each.transport !== undefined)).toMatchObject({
        transport: 'direct',
      });
      expect(treeLines(to.volume)).toEqual(treeLines(world.dir));
    }
  );
});
