import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { BackupParams, CopyRun, Problem, StartCopy, StartedCopy } from '../../../api/index.ts';
import { askForCopy } from '../../backup/copies/askForCopies.ts';
import { destinationUnknown } from '../../backup/request/choice.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import type { Places } from '../../destinations/places.ts';
import { StageError } from '../../errors.ts';
import type { History, RunRecord } from '../../history/history.ts';
import type { Queue } from '../../jobs/queue/queue.ts';
import { nameOf } from '../rights/caller.ts';
import { onClaim, SEE_RUN } from '../rights/declared.ts';
import type { Rights } from '../rights/rights.ts';
import { runAccess } from '../rights/runAccess.ts';

export interface CopyRoutes {
  queue: Queue;
  history: History;
  inventory: Pick<Inventory, 'namespace' | 'isReady'>;
  rights: Rights;
  places: Pick<Places, 'get' | 'all'>;
}

/** Copies of backups to more destinations. They belong to the claim that was backed up. */
export const copyRoutes =
  (world: CopyRoutes): FastifyPluginAsyncZod =>
  async app => {
    const { queue, rights, places } = world;
    const access = runAccess(world);

    app.post(
      '/backups/:id/copies',
      {
        config: { rights: { needs: [SEE_RUN, onClaim('create', 'backup')] } },
        schema: {
          summary: 'Copy a backup to another destination',
          description: 'Reads a proven copy, writes it there, and proves it there.',
          params: BackupParams,
          body: StartCopy,
          response: { 202: StartedCopy, default: Problem },
        },
      },
      async ({ caller, params, body }, reply) => {
        const backup = await access.seenBy(caller, params.id, ['backup']);
        await rights.need(caller, access.rightOn('create', 'backup', backup));
        const { destination } = body;
        if (!places.get(destination)) {
          throw destinationUnknown([destination], 'the request', places.all());
        }
        if (!backup.copies.some(({ state }) => state === 'present')) throw noArchive(backup);
        const run = await askForCopy(queue, backup, destination, nameOf(caller), 'on-demand');
        return reply.code(202).send({ copy: copyRunOf(run) });
      }
    );

    app.get(
      '/copies/:id',
      {
        config: { rights: { needs: [SEE_RUN] } },
        schema: {
          summary: 'Read one run that makes a copy',
          params: BackupParams,
          response: { 200: CopyRun, default: Problem },
        },
      },
      async ({ caller, params }) => copyRunOf(await access.seenBy(caller, params.id, ['copy']))
    );

    app.post(
      '/copies/:id/cancel',
      {
        config: { rights: { needs: [SEE_RUN, onClaim('create', 'backup')] } },
        schema: {
          summary: 'Cancel a copy',
          description: 'Answers when the run has ended; nothing stays at its destination.',
          params: BackupParams,
          response: { 200: CopyRun, default: Problem },
        },
      },
      async ({ caller, params }) => {
        const run = await access.seenBy(caller, params.id, ['copy']);
        await rights.need(caller, access.rightOn('create', 'backup', run));
        return copyRunOf(await queue.cancel(run.id));
      }
    );
  };

/** @returns a run as the API shows it. */
function copyRunOf(run: RunRecord): CopyRun {
  const details = run.details?.kind === 'copy' ? run.details : undefined;
  const { id, namespace, name, status, stage, bytes, message, reason, hint, failureClass } = run;
  const { warnings, createdAt, startedAt, endedAt, attempt, retryAt, requestedBy } = run;
  return {
    ...{ id, backup: details?.backup ?? '', destination: details?.destination ?? '' },
    ...{ namespace, name, status, stage, bytes, totalBytes: details?.totalBytes ?? null },
    ...{ message, reason, hint, failureClass, warnings, createdAt, startedAt, endedAt },
    ...{ attempt, retryAt, requestedBy },
  };
}

const noArchive = ({ id, status }: RunRecord): StageError =>
  new StageError(
    'queue',
    'BackupHasNoArchive',
    `backup ${id} has no archive that could be copied: its status is ${status}`,
    'copy a backup that has a proven copy',
    'needs-action'
  );
