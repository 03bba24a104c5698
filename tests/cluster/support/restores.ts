import type { Problem, Restore, RestorePlan } from '../../../sidecar/api/index.ts';
import type { Call } from './backups.ts';
import { until } from './until.ts';

/** What a test asks of a restore; the rest is as by default. */
export interface Asked {
  backup: string;
  target: { namespace: string; name: string; mode: string; [more: string]: unknown };
  paths?: string[];
  scale?: boolean;
  safetyBackup?: boolean;
}

const post = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** @throws Error with the problem when there is no plan. */
export async function planRestore(call: Call, asked: Asked): Promise<RestorePlan> {
  const answer = await call('/api/v1/restores/plan', post(asked));
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message);
  return body as RestorePlan;
}

/** @returns the conditions of a plan that are not met, by name. */
export const failsOf = ({ checks }: RestorePlan): Record<string, string | null> =>
  Object.fromEntries(
    checks.filter(({ state }) => state === 'fails').map(({ name, reason }) => [name, reason])
  );

export async function startRestore(
  call: Call,
  asked: Asked
): Promise<{ status: number; restore?: Restore; problem?: Problem }> {
  const answer = await call('/api/v1/restores', post(asked));
  const body = await answer.json();
  return answer.ok
    ? { status: answer.status, restore: body.restore }
    : { status: answer.status, problem: body };
}

export async function readRestore(call: Call, id: string): Promise<Restore> {
  const answer = await call(`/api/v1/restores/${id}`);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message);
  return body as Restore;
}

/** Waits for the end of a restore. */
export const restoreEnded = (call: Call, id: string, limitMs = 60_000): Promise<Restore> =>
  until(
    `restore ${id} has ended`,
    async () => {
      const run = await readRestore(call, id);
      return run.status === 'queued' || run.status === 'running' ? undefined : run;
    },
    limitMs
  );

/** Asks for a restore and waits for its end. @throws Error when it is not taken. */
export async function restore(call: Call, asked: Asked, limitMs?: number): Promise<Restore> {
  const { restore: run, problem } = await startRestore(call, asked);
  if (!run) throw new Error(problem?.message);
  return await restoreEnded(call, run.id, limitMs);
}
