import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVICE_PROXY_PATH } from '../../sidecar/api/names.ts';
import { asName } from '../../sidecar/src/cluster/gateway/connection.ts';
import { forwardTo } from '../browser/host/forward.ts';
import { kubeconfig as kubeconfigOf } from '../playground/kubeconfig.ts';
import { startSidecar } from '../support/sidecar.ts';
import { openDoor } from './door.ts';
import type { KnownCluster } from './kubeconfig.ts';
import type { Person } from './person.ts';
import { introduce } from './person.ts';
import type { World } from './playgroundWorld.ts';
import { postTo } from './post.ts';

/**
 * A real cluster, with the sidecar beside it, which does all that it does there as the kubeconfig's user. Nothing is
 * installed: what the plugin sends to the Service of NKVM goes to the sidecar on this machine instead.
 */
export async function realWorld(known: KnownCluster, person: Person): Promise<World> {
  const { kubeConfig, url, credentials } = known;
  const shared = { cluster: forwardTo(url, credentials), ask: postTo(url, credentials) };
  const { ofPage, ofSidecar } = introduce(person);
  const secret = randomBytes(32).toString('base64url');
  const forSidecar = await openDoor({
    ...shared,
    instead: ofSidecar,
    admits: ({ headers }) => headers.authorization === `Bearer ${secret}`,
  });
  const directory = mkdtempSync(join(tmpdir(), 'nkvm-kubeconfig-'));
  const file = join(directory, 'config');
  writeFileSync(file, kubeconfigOf(forSidecar.url, 'sidecar', secret), { mode: 0o600 });
  const sidecar = await startSidecar({
    ...helperSettings(process.env),
    NKVM_KUBECONFIG: file,
    NKVM_CLUSTER_NAME: asName(kubeConfig.getCurrentContext()),
    NKVM_MAX_ATTEMPTS: '3',
    NKVM_SCHEDULES: 'on',
  });
  const forPage = await openDoor({
    ...shared,
    instead: ofPage,
    sidecar: {
      prefix: SERVICE_PROXY_PATH,
      forward: forwardTo(`http://127.0.0.1:${sidecar.port}`),
    },
    admits: isLocal,
  });
  return {
    kubeUrl: forPage.url,
    async stop() {
      await forPage.close();
      await sidecar.remove();
      await forSidecar.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Which image the cluster can pull, and how much time and memory helpers need there, only the person knows. */
const helperSettings = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      name.startsWith('NKVM_HELPER_') && value ? [[name, value]] : []
    )
  );

/** Keeps web pages of other origins from a port that asks for no token, DNS rebinding included. */
function isLocal({ headers }: IncomingMessage): boolean {
  const { origin, host = '' } = headers;
  return [host, origin?.replace(/^http:\/\//, '') ?? host].every(name =>
    /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(name)
  );
}
