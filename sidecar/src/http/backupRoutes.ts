import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { RefusedBackup, VolumeRef } from '../../api/index.ts';
import {
  Backup,
  BackupList,
  BackupParams,
  BackupQuery,
  Problem,
  StartBackups,
  StartedBackups,
} from '../../api/index.ts';
import type { Admission } from '../backup/admission.ts';
import type { Action, Subject } from '../cluster/access.ts';
import type { Inventory } from '../cluster/inventory.ts';
import type { StageError } from '../errors.ts';
import type { History } from '../history/history.ts';
import { notFound } from '../jobs/errors.ts';
import type { Queue } from '../jobs/queue.ts';
import { nameOf } from './caller.ts';
import type { EventStream, EventStreams } from './eventStreams.ts';
import { heldRights } from './heldRights.ts';
import type { Refusal } from './problems.ts';
import type { Rights } from './rights.ts';
import { runChanges } from './runChanges.ts';
import { runEvents } from './runEvents.ts';
import { readableScope } from './scope.ts';

export interface BackupRoutes {
  queue: Queue;
  history: History;
  admission: Admission;
  inventory: Pick<Inventory, 'namespaces'>;
  rights: Rights;
  maxNamespaceScan: number;
  streams: EventStreams;
}

const right = (verb: Action['verb'], namespace: string, name: string): Action => ({
  verb,
  group: '',
  resource: 'persistentvolumeclaims',
  subresource: 'backup',
  namespace,
  name,
});

/** Start, list, read, cancel and follow backups. */
export const backupRoutes =
  (world: BackupRoutes): FastifyPluginAsyncZod =>
  async app => {
    const { queue, history, admission, inventory, rights, streams } = world;
    const changes = runChanges(history);

    /** @throws StageError (BackupNotFound) also where the caller may not know of it: ids are not to be tried out. */
    const readable = async (
      caller: Subject,
      id: string,
      held = heldRights(caller, rights)
    ): Promise<Backup> => {
      const run = history.get(id);
      if (!run) throw notFound(id);
      if (!(await held.has(right('get', run.namespace, run.name)))) throw notFound(id);
      return run;
    };

    const placed = (run: Backup): Backup => ({ ...run, queuePosition: queue.positionOf(run.id) });

    app.post(
      '/backups',
      {
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
        const { volumes, ...options } = request.body;
        const refusals = new Map<VolumeRef, Refusal | StageError>();
        await Promise.all(
          volumes.map(async volume => {
            const { namespace, name } = volume;
            const refusal = await rights.lacking(caller, right('create', namespace, name));
            if (refusal) refusals.set(volume, refusal);
          })
        );
        const allowed = volumes.filter(volume => !refusals.has(volume));
        const { claims, refused } = await admission.admit(allowed);
        for (const { volume, error } of refused) refusals.set(volume, error);
        const [first] = volumes.flatMap(volume => refusals.get(volume) ?? []);
        if (first && claims.length === 0) throw first;
        const backups = await queue.add(claims, { ...options, requestedBy: nameOf(caller) });
        return reply.code(202).send({
          backups: backups.map(placed),
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
        schema: {
          summary: 'List backups, newest first',
          querystring: BackupQuery,
          response: { 200: BackupList, default: Problem },
        },
      },
      async request => {
        const all = inventory.namespaces();
        const scope = await readableScope(
          request.caller,
          rights,
          'backup',
          request.query,
          { filled: all, all },
          world.maxNamespaceScan
        );
        const named = request.query.namespace === undefined ? all : [request.query.namespace];
        const allowed = new Map(named.filter(scope.has).map(each => [each, undefined]));
        const page = history.list(request.query, scope.isEverywhere ? undefined : allowed);
        return { ...page, backups: page.backups.map(placed), incomplete: scope.isIncomplete };
      }
    );

    app.get(
      '/backups/:id',
      {
        schema: {
          summary: 'Read one backup',
          params: BackupParams,
          response: { 200: Backup, default: Problem },
        },
      },
      async request => placed(await readable(request.caller, request.params.id))
    );

    app.post(
      '/backups/:id/cancel',
      {
        schema: {
          summary: 'Cancel a backup',
          description: 'Answers when the run has ended; no archive and no helper pod stays.',
          params: BackupParams,
          response: { 200: Backup, default: Problem },
        },
      },
      async request => {
        const run = await readable(request.caller, request.params.id);
        await rights.need(request.caller, right('create', run.namespace, run.name));
        return await queue.cancel(run.id);
      }
    );

    app.get(
      '/backups/:id/events',
      {
        schema: {
          summary: 'Follow a backup',
          description:
            'Server-sent events `backup`, each with the whole Backup, until it has ended.',
          params: BackupParams,
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) => {
        const { caller } = request;
        const held = heldRights(caller, rights);
        const { id, namespace, name } = await readable(caller, request.params.id, held);
        let stream: EventStream | undefined;
        const events = runEvents(
          () => stream,
          () => {
            const run = history.get(id);
            return run && placed(run);
          }
        );
        const unwatch = changes.watch(id, events.changed);
        const close = () => {
          unwatch();
          events.stop();
        };
        try {
          stream = streams.open(
            reply,
            { caller, isStillValid: request.isTokenValid, rights: held },
            {
              onClear: events.changed,
              onClose: close,
              mayRead: () => rights.has(caller, right('get', namespace, name)),
            }
          );
        } catch (error) {
          close();
          throw error;
        }
        events.changed(); // after `watch`: a run that ends meanwhile is seen to end
        return reply;
      }
    );
  };

const refusedOf = (
  { namespace, name }: VolumeRef,
  { reason, message, hint }: Refusal | StageError
): RefusedBackup => ({ namespace, name, reason, message, hint });
