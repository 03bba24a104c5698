import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import { DESTINATION_LABEL } from '../../sidecar/api/names.ts';
import type { Call } from '../cluster/support/backups.ts';
import { ended, start } from '../cluster/support/backups.ts';
import { restore } from '../cluster/support/restores.ts';
import { until } from '../cluster/support/until.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import type { Draft } from '../playground/store/object.ts';
import type { RequestProxy } from '../servers/requestProxy.ts';
import { s3Refusal, startRequestProxy } from '../servers/requestProxy.ts';
import type { S3Server } from '../servers/s3Server.ts';
import { startVersitygw, versitygwMissing } from '../servers/versitygw.ts';
import { bindingOf, claimOf, namespaceOf } from './drafts.ts';

const opening: Draft = bindingOf('nkvm-restore', 'shop');

const CLAIM: Draft = claimOf({ name: 'orders-db', namespace: 'shop' });

const secretOf = (data: Record<string, string>): Draft => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'offsite', namespace: 'nkvm', labels: { [DESTINATION_LABEL]: 's3' } },
  data: Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])
  ),
});

describe.skipIf(versitygwMissing)(
  `archives that go straight to S3 and back ${versitygwMissing ?? ''}`,
  { timeout: 120_000 },
  () => {
    let server: S3Server;
    let proxy: RequestProxy;
    let world: Awaited<ReturnType<typeof playgroundWorld>>;
    let call: Call;

    beforeAll(async () => {
      server = await startVersitygw();
      proxy = await startRequestProxy(server);
      const settings = server.settings(await server.makeBucket());
      const secret = secretOf({ ...settings, endpoint: proxy.endpoint });
      world = await playgroundWorld('admin', () => undefined, {
        objects: [namespaceOf('shop'), ...[opening, CLAIM, secret]],
        filled: [{ namespace: 'shop', claim: 'orders-db', bytes: 60e6 }],
      });
      const token = await adminToken(world.kubeUrl);
      call = (path, init) => world.sidecar.fetch(path, token, init);
      await until(
        'the destination is known',
        async () => (await call('/api/v1/destinations/offsite')).ok,
        20_000
      );
    }, 120_000);
    afterAll(async () => {
      await world?.stop();
      await proxy?.stop();
      await server?.stop();
    });

    const backedUp = async (): Promise<Backup> => {
      const { run, problem } = await start(call, 'shop', 'orders-db', {
        destinations: ['offsite'],
      });
      if (!run) throw new Error(problem?.message);
      return await ended(call, run.id, 100_000);
    };
    const isEqual = (name: string): void => {
      const [source, restored] = ['orders-db', name].map(claim =>
        world.playground.volumePath('shop', claim)
      );
      execFileSync('diff', ['-r', '--no-dereference', source ?? '', restored ?? '']);
    };

    it('a backup is sent, and a restore is read, by helper pods', async () => {
      const backup = await backedUp();
      expect(backup).toMatchObject({ status: 'success', transport: 'direct' });
      const target = { namespace: 'shop', name: 'restored', mode: 'new' };
      expect(await restore(call, { backup: backup.id, target }, 100_000)).toMatchObject({
        status: 'success',
        comparison: { differences: 0, notRestored: [] },
        transport: 'direct',
        transportReason: 'the helper pod reads the archive at destination offsite itself',
      });
      isEqual('restored');
    });

    it('a restore goes another way where the storage refuses the helper pod', async () => {
      const backup = await backedUp();
      proxy.fate = ({ method, url }) =>
        method === 'GET' && url.includes('X-Amz-Signature=')
          ? s3Refusal(403, 'AccessDenied')
          : undefined;
      const target = { namespace: 'shop', name: 'another-way', mode: 'new' };
      const end = await restore(call, { backup: backup.id, target }, 100_000);
      expect(end).toMatchObject({ status: 'success', transport: 'push' });
      expect(end.transportReason).toContain('403 AccessDenied');
      isEqual('another-way');
    });
  }
);
