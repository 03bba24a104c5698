import type { Backup, Check, Restore } from '../../../sidecar/api/index.ts';
import { backUp } from '../../cluster/support/backups.ts';
import { until } from '../../cluster/support/until.ts';
import { factsIn } from './facts.ts';
import type { Json } from './kube.ts';
import type { HostileWorld } from './world.ts';

/** A namespace with a volume that was backed up, restored and verified. */
export interface Team {
  namespace: string;
  claim: string;
  /** A file in its volume. */
  file: string;
  backup: Backup;
  restore: Restore;
  check: Check;
  copy: { id: string };
  /** Facts about its volume that need no right to its backups, and facts that only its backups have. */
  facts: { volume: Set<string>; backups: Set<string> };
}

/** Makes a team, with an administrator's token. */
export async function makeTeam(
  world: HostileWorld,
  admin: string,
  namespace: string,
  word: string
): Promise<Team> {
  const claim = `${word}-db`;
  const file = `${word}-folder/${word}-accounts.csv`;
  await world.namespace(namespace);
  await world.claim(
    namespace,
    claim,
    { [file]: `${word},`.repeat(3000 + word.length) },
    { labels: { owner: `${word}-owner` } }
  );
  const call = (path: string, init?: RequestInit) => world.call(path, admin, init);
  const json = async (path: string, body?: object): Promise<Json> => {
    const answer = await call(`/api/v1/${path}`, body && post(body));
    const read = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${read.message}`);
    return read;
  };
  const ended = async (path: string): Promise<Json> =>
    await until(
      `${path} has ended`,
      async () => {
        const run = await json(path);
        if (run.status === 'failed') throw new Error(run.message);
        return run.status === 'success' && run;
      },
      60_000
    );
  await until(`${claim} is known`, () => json(`volumes/${namespace}/${claim}`), 20_000);
  const backup = await backUp(call, namespace, claim);
  if (backup.status !== 'success') throw new Error(`${namespace}: ${backup.message}`);
  const target = { namespace, name: claim, mode: 'overwrite' };
  const restored = await json('restores', { backup: backup.id, target, safetyBackup: false });
  const restore = await ended(`restores/${restored.restore.id}`);
  const verified = await json(`backups/${backup.id}/verify`, {});
  const check = await ended(`checks/${verified.check.id}`);
  const volume = await json(`volumes/${namespace}/${claim}`);
  const { lastBackup, lastSuccess, ...plain } = volume;
  const files = await json(`backups/${backup.id}/files?path=${word}-folder`);
  const volumeFacts = factsIn(plain);
  const backups = factsIn([lastBackup, lastSuccess, backup, restore, check, files]);
  return {
    ...{ namespace, claim, file, backup, restore, check },
    copy: { id: backup.id },
    facts: { volume: volumeFacts, backups: without(backups, volumeFacts) },
  };
}

/** @returns what only the first team's answers tell. */
export const factsOnlyOf = (team: Team, other: Team): Team['facts'] => {
  const common = new Set([...other.facts.volume, ...other.facts.backups]);
  return {
    volume: without(team.facts.volume, common),
    backups: without(team.facts.backups, common),
  };
};

const without = (all: Set<string>, taken: Set<string>): Set<string> =>
  new Set([...all].filter(each => !taken.has(each)));

const post = (body: object): RequestInit => ({
  method: 'POST',
  ...(Object.keys(body).length && {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }),
});
