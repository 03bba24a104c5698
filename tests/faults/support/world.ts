import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Backup } from '../../../sidecar/api/index.ts';
import type { Call } from '../../cluster/support/backups.ts';
import { read, start } from '../../cluster/support/backups.ts';
import { token } from '../../cluster/support/token.ts';
import { until } from '../../cluster/support/until.ts';
import type { Sidecar } from '../../support/sidecar.ts';
import { startSidecar } from '../../support/sidecar.ts';
import type { Ground, Transport } from './transports.ts';
import { groundFor, USUAL } from './transports.ts';

/** A sidecar beside the cluster, and a way to call it as the administrator. */
export interface World {
  readonly sidecar: Sidecar;
  readonly call: Call;
  /** The destination, as a directory of this machine. */
  readonly backups: string;
  readonly ground: Ground;
  /** Starts a sidecar that continues the work of this one. @returns its world, which ends with the test */
  again(env?: Record<string, string>): Promise<World>;
}

/**
 * Starts a sidecar with a directory of its own. It ends with the test.
 * @param transport how its archives travel
 */
export const worldWith = async (
  env: Record<string, string> = {},
  transport: Transport = USUAL
): Promise<World> => worldOn(await groundFor(transport), env);

/** The same, with settings and storage that a test has made. @param dir of an earlier sidecar, to continue its work. */
export async function worldOn(
  ground: Ground,
  env: Record<string, string> = {},
  dir?: string
): Promise<World> {
  const sidecar = await startSidecar({ ...ground.env, ...env }, dir);
  onTestFinished(() => sidecar.remove());
  return worldOf(sidecar, ground);
}

/** @returns the world of a sidecar that a test started itself. */
export function worldOf(sidecar: Sidecar, ground: Ground = { env: {} }): World {
  const admin = token();
  return {
    sidecar,
    call: (path, init) => sidecar.fetch(path, admin, init),
    backups: ground.backups ?? join(sidecar.dir, 'backups'),
    ground,
    again: env => worldOn(ground, env, sidecar.dir),
  };
}

/** Asks for a backup. @returns the run's id. @throws Error when it is not taken. */
export async function begin(
  call: Call,
  { namespace, name }: { namespace: string; name: string }
): Promise<string> {
  // A claim that was just made is known a moment later.
  return await until(
    `a backup of ${namespace}/${name} is taken`,
    async () => {
      const { run, problem } = await start(call, namespace, name);
      if (!run) throw new Error(problem?.message);
      return run.id;
    },
    20_000
  );
}

/** Waits until `bytes` of a run's archive have arrived. */
export const arrived = (call: Call, id: string, bytes: number): Promise<Backup> =>
  until(
    `${bytes} bytes of ${id} have arrived`,
    async () => {
      const run = await read(call, id);
      return (run.bytes ?? 0) >= bytes ? run : undefined;
    },
    60_000,
    20
  );
