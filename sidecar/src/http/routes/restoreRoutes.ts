import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import {
  BackupParams,
  Problem,
  Restore,
  RestoreList,
  RestorePlan,
  RestoreQuery,
  StartedRestore,
  StartRestore,
} from '../../../api/index.ts';
import type { Action, Subject } from '../../cluster/gateway/access.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import type { History, RunRecord } from '../../history/history.ts';
import type { Queue } from '../../jobs/queue/queue.ts';
import type { SourceVolume } from '../../restore/hiddenSource.ts';
import { sourceOf } from '../../restore/hiddenSource.ts';
import type { RestoreEngine } from '../../restore/types.ts';
import { limitsOf, scanLimit } from '../entry/limits.ts';
import { Refusal } from '../entry/problems.ts';
import { FOREIGN_PREFIX } from '../rights/archiveAccess.ts';
import { nameOf } from '../rights/caller.ts';
import type { ShowingRight } from '../rights/declared.ts';
import { inNamespace, onArchive, onClaim, READ_ARCHIVE, SEE_RUN } from '../rights/declared.ts';
import type { HeldRights } from '../rights/heldRights.ts';
import { heldRights } from '../rights/heldRights.ts';
import type { Rights } from '../rights/rights.ts';
import { everywhere, runAccess } from '../rights/runAccess.ts';
import { namespacesOf, readableScope, scopeOf, toList } from '../rights/scope.ts';
import type { SourceRights } from '../rights/sourceRights.ts';
import { needSource } from '../rights/sourceRights.ts';
import type { EventStreams } from '../streams/eventStreams.ts';
import { followRun } from '../streams/followRun.ts';
import { runChanges } from '../streams/runChanges.ts';
import { streamPlaces } from '../streams/streamLimits.ts';
import { whileConnected } from '../streams/whileConnected.ts';
import { isOfLiveNamespace, READ_ARCHIVES, rightOn } from '../views/backupView.ts';
import type { HiddenTexts } from '../views/hiddenTexts.ts';
import { errorWithoutWorkloads, planWithoutWorkloads } from '../views/hiddenWorkloads.ts';
import type { SeenQueue } from '../views/queueView.ts';
import { positionSeen, seenQueue } from '../views/queueView.ts';
import type { View } from '../views/restoreView.ts';
import { restoreOf } from '../views/restoreView.ts';
import { LIST_PODS } from '../views/volumeView.ts';

export interface RestoreRoutes {
  queue: Queue;
  history: History;
  inventory: Pick<Inventory, 'namespaces' | 'namespace' | 'isReady'>;
  rights: Rights;
  maxNamespaceScan: number;
  streams: EventStreams;
  texts: Pick<HiddenTexts, 'from'>;
  restores: RestoreEngine;
  /** @returns the namespace that an upload was made in; undefined: there is none of this id. */
  uploadNamespace?: ((id: string) => string | undefined) | undefined;
  /** @returns the backup of another cluster, and its rights; undefined: there is none of this id. */
  elsewhere?: SourceRights['elsewhere'];
  /** See `SourceRights`. */
  foreign?: SourceRights['foreign'];
  /** Name of the cluster; undefined: NKVM's own. */
  cluster?: string | undefined;
}

/** Of who has just asked for it, with all rights that it needs. No text names a workload yet. */
const ALL = { mayReadArchives: true, maySeeSource: true, mayListPods: true };

/** Each reads an archive and may start a pod. A page that plans again leaves the plan before. */
const PLAN_LIMITS = { perToken: 4, perUser: 8, total: 12 };

const SHOWS_NAMES: ShowingRight = {
  ...onClaim('get', 'archive'),
  what: 'names of files in the target',
};
const SHOWS_SOURCE: ShowingRight = {
  ...onArchive('get', 'backup'),
  what: 'the claim that was backed up',
};
const SHOWS_WORKLOADS: ShowingRight = {
  ...{ ...LIST_PODS, scope: 'namespace' },
  what: 'pods and workloads',
};
const SHOWS_OF_RUN = [SHOWS_NAMES, SHOWS_SOURCE, SHOWS_WORKLOADS];

/** Plan, start, list, read, follow, cancel and undo restores. They belong to the claim that they write into. */
export const restoreRoutes =
  (world: RestoreRoutes): FastifyPluginAsyncZod =>
  async app => {
    const { queue, history, inventory, rights, streams, texts, restores } = world;
    const { maxNamespaceScan: maxScan } = world;
    const changes = runChanges(history);
    const access = runAccess(world);
    const takePlace = streamPlaces(PLAN_LIMITS, tooManyPlans);

    /** NKVM's own cluster decides who may read an archive that no backup has, whatever cluster it was restored into. */
    const foreignArchiveOf = ({ details }: RunRecord): string | undefined =>
      world.cluster !== undefined &&
      details?.kind === 'restore' &&
      details.backup.startsWith(FOREIGN_PREFIX)
        ? details.backup.slice(FOREIGN_PREFIX.length)
        : undefined;

    /** The rights of this cluster say nothing about the source. */
    const isElsewhere = (run: RunRecord): boolean => {
      const of = sourceOf(run);
      if (of === 'own') return false;
      return (of !== 'unknown' && of.isElsewhere) || foreignArchiveOf(run) !== undefined;
    };

    /** Facts of another cluster are shown to callers who have the right there. */
    const mayElsewhere = async (
      caller: Subject,
      run: RunRecord,
      subresource: 'backup' | 'archive'
    ): Promise<boolean> => {
      const archive = foreignArchiveOf(run);
      if (archive !== undefined) return (await world.foreign?.has(caller, archive)) ?? false;
      const from = world.elsewhere?.(run.details?.backup ?? '');
      return from
        ? await from.rights.has(caller, from.access.rightOn('get', subresource, from.run))
        : false;
    };

    /** Names of files are shown to who may read the archives of the target, or of the claim that the archive is of. */
    const mayReadFiles = async (
      caller: Subject,
      run: RunRecord,
      held: HeldRights
    ): Promise<boolean> => {
      if (await held.has(access.rightOn('get', 'archive', run))) return true;
      if (isElsewhere(run)) return await mayElsewhere(caller, run, 'archive');
      const of = run.details?.kind === 'restore' ? run.details.source : undefined;
      if (!of?.namespace || !of.name) return await held.has(everywhere('get', 'archive'));
      const live = inventory.namespace(of.namespace)?.uid;
      return live !== undefined && live === of.namespaceUid
        ? await held.has(rightOn('get', 'archive', { namespace: of.namespace, name: of.name }))
        : await held.has(everywhere('get', 'archive'));
    };

    /** The claim that the archive is of is shown to callers who may see its backups. */
    const maySeeSource = async (
      caller: Subject,
      run: RunRecord,
      held: HeldRights
    ): Promise<boolean> => {
      if (isElsewhere(run)) return await mayElsewhere(caller, run, 'backup');
      const of = sourceOf(run);
      if (of === 'own') return true;
      return of !== 'unknown' && isLive(of)
        ? (await held.has(rightOn('get', 'backup', of))) ||
            (await held.has(rightOn('get', 'archive', of)))
        : await held.has(toList('backup'));
    };
    const isLive = ({ namespace, namespaceUid }: Exclude<SourceVolume, string>): boolean => {
      const live = inventory.namespace(namespace)?.uid;
      return live !== undefined && live === namespaceUid;
    };

    const isOfLive = (run: RunRecord): boolean =>
      isOfLiveNamespace(run, inventory.namespace(run.namespace));

    const shown = (
      run: RunRecord,
      { seen, ...may }: Omit<View, 'queuePosition' | 'cluster'> & { seen: SeenQueue }
    ): Restore =>
      restoreOf(run, {
        ...{ ...may, cluster: world.cluster },
        queuePosition: positionSeen(queue.positionOf(run.id), seen),
      });

    const shownToRequester = async (caller: Subject, run: RunRecord): Promise<Restore> =>
      shown(run, { ...ALL, seen: await seenQueue(heldRights(caller, rights), run.namespace) });

    const seenBy = async (caller: Subject, id: string, held = heldRights(caller, rights)) => {
      const run = await access.seenBy(caller, id, ['restore'], held);
      const may = {
        mayReadArchives: await mayReadFiles(caller, run, held),
        maySeeSource: await maySeeSource(caller, run, held),
        mayListPods: await held.has(isOfLive(run) ? podsIn(run.namespace) : LIST_PODS),
        seen: await seenQueue(held, run.namespace),
      };
      const hide = await texts.from(held);
      return { run, show: (each: RunRecord) => hide(shown(each, may)) };
    };

    /** @throws Refusal (403) that names the missing right, on the target or on the archive */
    const needRights = async (caller: Subject, { backup, target }: StartRestore): Promise<void> => {
      await rights.need(caller, rightOn('create', 'restore', target));
      await needSource(caller, backup, target.namespace, { ...world, access });
    };

    const admitted = async (
      caller: Subject,
      request: StartRestore,
      signal: AbortSignal,
      undoOf: string | undefined
    ) => {
      try {
        return await restores.admit(request, signal, undoOf);
      } catch (error) {
        const mayListPods = await rights.has(caller, podsIn(request.target.namespace));
        throw mayListPods ? error : errorWithoutWorkloads(error);
      }
    };

    const start = async (
      caller: Subject,
      request: StartRestore,
      signal: AbortSignal,
      undoOf?: string
    ): Promise<RunRecord> => {
      await needRights(caller, request);
      const { target, details } = await admitted(caller, request, signal, undoOf);
      const asked = { kind: 'restore', priority: 'restore', details } as const;
      const [run] = await queue.add([target], { ...asked, requestedBy: nameOf(caller) });
      if (!run) throw new Error('the queue returned no run');
      return run;
    };

    app.post(
      '/restores',
      {
        config: { rights: { needs: [onClaim('create', 'restore'), READ_ARCHIVE] } },
        schema: {
          summary: 'Start a restore',
          description:
            'All conditions that can be checked before anything is written are checked first; the problem names the one that fails.',
          body: StartRestore,
          response: { 202: StartedRestore, default: Problem },
        },
      },
      async (request, reply) => {
        const { caller, body } = request;
        const run = await start(caller, body, whileConnected(reply));
        return reply.code(202).send({ restore: await shownToRequester(caller, run) });
      }
    );

    app.post(
      '/restores/plan',
      {
        config: {
          rights: {
            needs: [onClaim('create', 'restore'), READ_ARCHIVE],
            shows: [SHOWS_NAMES, SHOWS_WORKLOADS],
          },
        },
        schema: {
          summary: 'Plan a restore',
          description: 'Says what a restore would do, and what keeps it from starting.',
          body: StartRestore,
          response: { 200: RestorePlan, default: Problem },
        },
      },
      async ({ caller, body }, reply) => {
        await needRights(caller, body);
        // Names in the claim are as much of its data as those in its archives.
        const mayReadTarget = await rights.has(caller, rightOn('get', 'archive', body.target));
        const mayListPods = await rights.has(caller, podsIn(body.target.namespace));
        const giveBack = takePlace(caller);
        try {
          const full = await restores.plan(body, whileConnected(reply));
          const plan = mayListPods ? full : planWithoutWorkloads(full);
          return mayReadTarget ? plan : withoutNames(plan);
        } finally {
          giveBack();
        }
      }
    );

    app.get(
      '/restores',
      {
        config: {
          rights: { needs: [inNamespace('list', 'backup')], shows: SHOWS_OF_RUN },
        },
        schema: {
          summary: 'List restores, newest first',
          querystring: RestoreQuery,
          response: { 200: RestoreList, default: Problem },
        },
      },
      async ({ caller, query }) => {
        const all = inventory.namespaces();
        const withRuns = new Set(history.namespaces());
        const namespaces = { filled: all.filter(each => withRuns.has(each)), all };
        const scope = await readableScope(caller, rights, 'backup', query, namespaces, maxScan);
        const isForAll = scope.isEverywhere || (await rights.has(caller, toList('backup')));
        const named = query.namespace === undefined ? all : [query.namespace];
        const allowed = new Map(
          named.filter(scope.has).map(each => [each, inventory.namespace(each)?.uid])
        );
        const page = history.list(query, isForAll ? undefined : allowed, ['restore']);
        const runs = page.backups.filter(run => isForAll || isOfLive(run));
        const targets = [...new Set(runs.map(({ namespace }) => namespace))];
        const archives = await scopeOf(caller, rights, READ_ARCHIVES, targets, maxScan);
        const pods = await scopeOf(caller, rights, LIST_PODS, targets, maxScan);
        const sources = runs
          .filter(run => !isElsewhere(run))
          .map(sourceOf)
          .filter(of => typeof of !== 'string');
        const others = namespacesOf(sources).filter(each => !allowed.has(each));
        const more = await scopeOf(
          caller,
          rights,
          toList('backup'),
          isForAll ? [] : others,
          maxScan
        );
        const seenElsewhere = new Set<RunRecord>();
        for (const run of runs) {
          if (!isElsewhere(run)) continue;
          if (await mayElsewhere(caller, run, 'backup')) seenElsewhere.add(run);
        }
        const maySee = (run: RunRecord): boolean => {
          if (isElsewhere(run)) return seenElsewhere.has(run);
          const of = sourceOf(run);
          if (isForAll || of === 'own') return true;
          if (of === 'unknown' || !isLive(of)) return false;
          return allowed.has(of.namespace) || more.has(of.namespace);
        };
        return {
          restores: runs.map(run =>
            shown(run, {
              // The right in a namespace says nothing of those that had its name before.
              mayReadArchives:
                archives.isEverywhere || (archives.has(run.namespace) && isOfLive(run)),
              maySeeSource: maySee(run),
              mayListPods: pods.isEverywhere || (pods.has(run.namespace) && isOfLive(run)),
              seen: isForAll ? 'amongAll' : 'inNamespace',
            })
          ),
          nextCursor: page.nextCursor,
          incomplete: scope.isIncomplete,
          ...limitsOf(
            scanLimit([scope], 'restores into other namespaces are missing'),
            scanLimit(
              [archives, pods, more],
              'of restores in other namespaces, names of files, pods and workloads and the claim that was backed up are not shown'
            )
          ),
        };
      }
    );

    app.get(
      '/restores/:id',
      {
        config: { rights: { needs: [SEE_RUN], shows: SHOWS_OF_RUN } },
        schema: {
          summary: 'Read one restore',
          params: BackupParams,
          response: { 200: Restore, default: Problem },
        },
      },
      async ({ caller, params }) => {
        const { run, show } = await seenBy(caller, params.id);
        return show(run);
      }
    );

    app.get(
      '/restores/:id/events',
      {
        config: { rights: { needs: [SEE_RUN], shows: SHOWS_OF_RUN } },
        schema: {
          summary: 'Follow a restore',
          description:
            'Server-sent events `restore`, each with the whole Restore, until it has ended.',
          params: BackupParams,
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) =>
        await followRun(request, reply, {
          ...{ streams, changes, history, rights, access, seenBy },
          ...{ id: request.params.id, event: 'restore' },
        })
    );

    app.post(
      '/restores/:id/cancel',
      {
        config: {
          rights: {
            needs: [SEE_RUN, onClaim('create', 'restore')],
            shows: SHOWS_OF_RUN,
          },
        },
        schema: {
          summary: 'Cancel a restore',
          description:
            'Answers when the run has ended. A new claim is deleted; what was written into an existing one stays.',
          params: BackupParams,
          response: { 200: Restore, default: Problem },
        },
      },
      async ({ caller, params }) => {
        const { run, show } = await seenBy(caller, params.id);
        await rights.need(caller, access.rightOn('create', 'restore', run));
        return show(await queue.cancel(run.id));
      }
    );

    app.post(
      '/restores/:id/undo',
      {
        config: {
          rights: { needs: [SEE_RUN, onClaim('create', 'restore'), onArchive('get', 'archive')] },
        },
        schema: {
          summary: 'Undo a restore',
          description: 'Starts a restore of the safety backup that was taken before it.',
          params: BackupParams,
          response: { 202: StartedRestore, default: Problem },
        },
      },
      async ({ caller, params }, reply) => {
        const { run } = await seenBy(caller, params.id);
        await rights.need(caller, access.rightOn('create', 'restore', run));
        const undo = await start(caller, restores.undoOf(run), whileConnected(reply), run.id);
        return reply.code(202).send({ restore: await shownToRequester(caller, undo) });
      }
    );
  };

const podsIn = (namespace: string): Action => ({ ...LIST_PODS, namespace });

function withoutNames(plan: RestorePlan): RestorePlan {
  if (!plan.files) return plan;
  const { added, replaced, unchanged, leftOver, isComplete } = plan.files;
  const counted = ({ count }: typeof added) => ({ count, names: [] });
  return {
    ...plan,
    files: {
      added: counted(added),
      replaced: counted(replaced),
      unchanged: counted(unchanged),
      leftOver: counted(leftOver),
      isComplete,
    },
  };
}

const tooManyPlans = (most: number, whose: string): Refusal =>
  new Refusal(
    429,
    'TooManyPlans',
    `${most} plans of restores are being made ${whose}, and no more are allowed`,
    'wait until one of them is ready'
  );
