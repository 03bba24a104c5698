import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { RefusedBackup, VolumeRef } from '../../../api/index.ts';
import {
  Backup,
  BackupList,
  BackupParams,
  BackupQuery,
  Problem,
  StartBackups,
  StartedBackups,
} from '../../../api/index.ts';
import type { Admission } from '../../backup/request/admission.ts';
import type { Subject } from '../../cluster/gateway/access.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import type { StageError } from '../../errors.ts';
import type { History } from '../../history/history.ts';
import type { Queue } from '../../jobs/queue/queue.ts';
import { limitsOf, scanLimit } from '../entry/limits.ts';
import type { Refusal } from '../entry/problems.ts';
import { nameOf } from '../rights/caller.ts';
import { inNamespace, onClaim, SEE_RUN, SHOWS_FILE_NAMES } from '../rights/declared.ts';
import { heldRights } from '../rights/heldRights.ts';
import type { Rights } from '../rights/rights.ts';
import { runAccess } from '../rights/runAccess.ts';
import { namespacesOf, readableScope, scopeOf, toList } from '../rights/scope.ts';
import type { EventStreams } from '../streams/eventStreams.ts';
import { followRun } from '../streams/followRun.ts';
import { runChanges } from '../streams/runChanges.ts';
import { isOfLiveNamespace, READ_ARCHIVES, rightOn, withoutPaths } from '../views/backupView.ts';
import type { HiddenTexts } from '../views/hiddenTexts.ts';
import type { SeenQueue } from '../views/queueView.ts';
import { positionSeen, seenQueue } from '../views/queueView.ts';

export interface BackupRoutes {
  queue: Queue;
  history: History;
  admission: Admission;
  inventory: Pick<Inventory, 'namespaces' | 'namespace' | 'isReady'>;
  rights: Rights;
  maxNamespaceScan: number;
  streams: EventStreams;
  texts: Pick<HiddenTexts, 'from'>;
  /** Name of the cluster; undefined: NKVM's own. */
  cluster?: string | undefined;
}

/** Start, list, read, cancel and follow backups. */
export const backupRoutes =
  (world: BackupRoutes): FastifyPluginAsyncZod =>
  async app => {
    const { queue, history, admission, inventory, rights, streams, texts } = world;
    const { maxNamespaceScan: maxScan, cluster } = world;
    const changes = runChanges(history);
    const access = runAccess(world);

    const shown = (run: Backup, mayReadArchives: boolean, seen: SeenQueue): Backup => ({
      ...(mayReadArchives ? run : withoutPaths(run)),
      ...(cluster !== undefined && { cluster }),
      queuePosition: positionSeen(queue.positionOf(run.id), seen),
    });

    /** @returns a backup, and what shows it to this caller. @throws StageError (BackupNotFound) */
    const seenBy = async (caller: Subject, id: string, held = heldRights(caller, rights)) => {
      const run = await access.seenBy(caller, id, ['backup'], held);
      const mayReadArchives = await held.has(access.rightOn('get', 'archive', run));
      const seen = await seenQueue(held, run.namespace);
      const hide = await texts.from(held);
      return { run, show: (each: Backup) => hide(shown(each, mayReadArchives, seen)) };
    };

    app.post(
      '/backups',
      {
        config: { rights: { needs: [onClaim('create', 'backup')] } },
        schema: {
          summary: 'Start backups',
          description:
            'Each volume by itself: 202 when at least one was accepted, and `refused` names the others.',
          body: StartBackups,
          response: { 202: StartedBackups, default: Problem },
        },
      },
      async (request, reply) => {
        const { caller } = request;
        const { volumes, destinations, ...options } = request.body;
        const refusals = new Map<VolumeRef, Refusal | StageError>();
        await Promise.all(
          volumes.map(async volume => {
            const { namespace, name } = volume;
            const refusal = await rights.lacking(
              caller,
              rightOn('create', 'backup', { namespace, name })
            );
            if (refusal) refusals.set(volume, refusal);
          })
        );
        const allowed = volumes.filter(volume => !refusals.has(volume));
        const { claims, refused } = await admission.admit(allowed, destinations);
        for (const { volume, error } of refused) refusals.set(volume, error);
        const [first] = volumes.flatMap(volume => refusals.get(volume) ?? []);
        if (first && claims.length === 0) throw first;
        const backups = await queue.add(claims, { ...options, requestedBy: nameOf(caller) });
        const held = heldRights(caller, rights);
        const started = backups.map(async run =>
          shown(run, false, await seenQueue(held, run.namespace))
        );
        return reply.code(202).send({
          backups: await Promise.all(started),
          refused: volumes.flatMap(volume => {
            const error = refusals.get(volume);
            return error ? [refusedOf(volume, error)] : [];
          }),
        });
      }
    );

    app.get(
      '/backups',
      {
        config: { rights: { needs: [inNamespace('list', 'backup')], shows: [SHOWS_FILE_NAMES] } },
        schema: {
          summary: 'List backups, newest first',
          querystring: BackupQuery,
          response: { 200: BackupList, default: Problem },
        },
      },
      async request => {
        const { caller, query } = request;
        const all = inventory.namespaces();
        const withRuns = new Set(history.namespaces());
        const filled = all.filter(each => withRuns.has(each));
        const namespaces = { filled, all };
        const scope = await readableScope(caller, rights, 'backup', query, namespaces, maxScan);
        const isForAll = scope.isEverywhere || (await rights.has(caller, toList('backup')));
        const named = query.namespace === undefined ? all : [query.namespace];
        const allowed = new Map(
          named.filter(scope.has).map(each => [each, inventory.namespace(each)?.uid])
        );
        const page = history.list(query, isForAll ? undefined : allowed);
        const isLive = (run: Backup) => isOfLiveNamespace(run, inventory.namespace(run.namespace));
        const runs = page.backups.filter(run => isForAll || isLive(run));
        const archives = await scopeOf(caller, rights, READ_ARCHIVES, namespacesOf(runs), maxScan);
        return {
          backups: runs.map(run =>
            shown(
              run,
              // The right in a namespace says nothing of those that had its name before.
              archives.isEverywhere || (archives.has(run.namespace) && isLive(run)),
              isForAll ? 'amongAll' : 'inNamespace'
            )
          ),
          nextCursor: page.nextCursor,
          incomplete: scope.isIncomplete,
          ...limitsOf(
            scanLimit([scope], 'backups of other namespaces are missing'),
            scanLimit([archives], 'tarMessages of backups in other namespaces are not shown')
          ),
        };
      }
    );

    app.get(
      '/backups/:id',
      {
        config: { rights: { needs: [SEE_RUN], shows: [SHOWS_FILE_NAMES] } },
        schema: {
          summary: 'Read one backup',
          params: BackupParams,
          response: { 200: Backup, default: Problem },
        },
      },
      async ({ caller, params }) => {
        const { run, show } = await seenBy(caller, params.id);
        return show(run);
      }
    );

    app.post(
      '/backups/:id/cancel',
      {
        config: {
          rights: { needs: [SEE_RUN, onClaim('create', 'backup')], shows: [SHOWS_FILE_NAMES] },
        },
        schema: {
          summary: 'Cancel a backup',
          description: 'Answers when the run has ended; no archive and no helper pod stays.',
          params: BackupParams,
          response: { 200: Backup, default: Problem },
        },
      },
      async request => {
        const { caller, params } = request;
        const { run, show } = await seenBy(caller, params.id);
        await rights.need(caller, access.rightOn('create', 'backup', run));
        return show(await queue.cancel(run.id));
      }
    );

    app.get(
      '/backups/:id/events',
      {
        config: { rights: { needs: [SEE_RUN], shows: [SHOWS_FILE_NAMES] } },
        schema: {
          summary: 'Follow a backup',
          description:
            'Server-sent events `backup`, each with the whole Backup, until it has ended.',
          params: BackupParams,
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) =>
        await followRun(request, reply, {
          ...{ streams, changes, history, rights, access, seenBy },
          ...{ id: request.params.id, event: 'backup' },
        })
    );
  };

const refusedOf = (
  { namespace, name }: VolumeRef,
  { reason, message, hint }: Refusal | StageError
): RefusedBackup => ({ namespace, name, reason, message, hint });
