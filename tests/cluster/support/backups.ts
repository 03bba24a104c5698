import type { Backup, Problem, StartBackups } from '../../../sidecar/api/index.ts';
import { until } from './until.ts';

/** A way to the API, e.g. through the service proxy or straight to a sidecar. */
export type Call = (path: string, init?: RequestInit) => Promise<Response>;

/** Asks for a backup of one volume. */
export async function start(
  call: Call,
  namespace: string,
  name: string,
  more: Partial<Omit<StartBackups, 'volumes'>> = {}
): Promise<{ status: number; run?: Backup; problem?: Problem }> {
  const answer = await call('/api/v1/backups', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ volumes: [{ namespace, name }], ...more }),
  });
  const body = await answer.json();
  return answer.ok
    ? { status: answer.status, run: body.backups[0] }
    : { status: answer.status, problem: body };
}

/** @throws Error when the sidecar does not tell, e.g. because the API server is unavailable and no token can be checked. */
export async function read(call: Call, id: string): Promise<Backup> {
  const answer = await call(`/api/v1/backups/${id}`);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message);
  return body as Backup;
}

/** Waits for the end of a run. @throws Error that says where the run was last. */
export const ended = (call: Call, id: string, limitMs = 60_000): Promise<Backup> =>
  until(
    `backup ${id} has ended`,
    async () => {
      const run = await read(call, id);
      if (run.status !== 'queued' && run.status !== 'running') return run;
      const { status, attempt, stage, message, helper } = run;
      throw new Error(JSON.stringify({ status, attempt, stage, message, helper }));
    },
    limitMs
  );

/** Asks for a backup and waits for its end. @throws Error when it is not taken. */
export async function backUp(call: Call, namespace: string, name: string): Promise<Backup> {
  const { run, problem } = await start(call, namespace, name);
  if (!run) throw new Error(problem?.message);
  return await ended(call, run.id);
}
