import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
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
import type { Queue } from '../jobs/queue.ts';
import { notFound } from '../jobs/queue.ts';
import type { Action, Subject } from '../cluster/access.ts';
import type { Inventory } from '../cluster/inventory.ts';
import type { History } from '../history/history.ts';
import { nameOf } from './caller.ts';
import { sendEvents } from './events.ts';
import type { Rights } from './rights.ts';
import { readableNamespaces } from './scope.ts';

export interface BackupRoutes {
  queue: Queue;
  history: History;
  admission: Admission;
  inventory: Pick<Inventory, 'namespaces'>;
  rights: Rights;
  maxNamespaceScan: number;
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
    const { queue, history, admission, inventory, rights } = world;

    /** @throws StageError (BackupNotFound) also where the caller may not know of it: ids are not to be tried out. */
    const readable = async (caller: Subject, id: string): Promise<Backup> => {
      const run = history.get(id);
      if (!run) throw notFound(id);
      if (!(await rights.has(caller, right('get', run.namespace, run.name)))) throw notFound(id);
      return run;
    };

    const placed = (run: Backup): Backup => ({ ...run, queuePosition: queue.positionOf(run.id) });

    app.post(
      '/backups',
      {
        schema: {
          summary: 'Start backups',
          description:
            'All or none: one volume that cannot be backed up refuses the whole request.',
          body: StartBackups,
          response: { 202: StartedBackups, default: Problem },
        },
      },
      async (request, reply) => {
        const { volumes, priority } = request.body;
        for (const { namespace, name } of volumes) {
          await rights.need(request.caller, right('create', namespace, name));
        }
        const claims = await admission.admit(volumes);
        const backups = await queue.add(claims, nameOf(request.caller), priority);
        return reply.code(202).send({ backups: backups.map(placed) });
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
        const { namespace, name } = request.query;
        const readable = await readableNamespaces(
          request.caller,
          rights,
          'backup',
          { namespace, name },
          inventory.namespaces(),
          world.maxNamespaceScan
        );
        const page = history.list(request.query, each => !readable || readable.has(each));
        return { ...page, backups: page.backups.map(placed) };
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
        const run = await readable(request.caller, request.params.id);
        sendEvents(reply, placed(run), listener =>
          queue.watch(run.id, each => listener(placed(each)))
        );
        return reply;
      }
    );
  };
