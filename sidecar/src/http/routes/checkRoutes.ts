import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { MetLimit } from '../../../api/index.ts';
import {
  BackupParams,
  Check,
  CheckList,
  Problem,
  StartDrill,
  StartedCheck,
} from '../../../api/index.ts';
import type { Subject } from '../../cluster/gateway/access.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import { StageError } from '../../errors.ts';
import type { History, RunRecord } from '../../history/history.ts';
import type { RunDetails } from '../../history/queries/details.ts';
import type { Queue } from '../../jobs/queue/queue.ts';
import { admitDrill } from '../../restore/check/admitDrill.ts';
import { checkedCopies } from '../../restore/check/checkedCopies.ts';
import type { RestoreEngine } from '../../restore/types.ts';
import { limitsOf } from '../entry/limits.ts';
import { nameOf } from '../rights/caller.ts';
import type { DeclaredRight, ShowingRight } from '../rights/declared.ts';
import { onClaim, SEE_RUN } from '../rights/declared.ts';
import { heldRights } from '../rights/heldRights.ts';
import type { Rights } from '../rights/rights.ts';
import { runAccess } from '../rights/runAccess.ts';
import type { EventStreams } from '../streams/eventStreams.ts';
import { followRun } from '../streams/followRun.ts';
import { runChanges } from '../streams/runChanges.ts';
import { whileConnected } from '../streams/whileConnected.ts';
import { isOfLiveNamespace } from '../views/backupView.ts';
import type { HiddenTexts } from '../views/hiddenTexts.ts';
import { checkOf } from '../views/restoreView.ts';

export interface CheckRoutes {
  queue: Queue;
  history: History;
  inventory: Pick<Inventory, 'namespaces' | 'namespace' | 'isReady'>;
  rights: Rights;
  streams: EventStreams;
  texts: Pick<HiddenTexts, 'from'>;
  /** Says whether a scratch claim can be restored into; absent: this process makes no drills. */
  drills?: Pick<RestoreEngine, 'admit'> | undefined;
  /** Name of the cluster; undefined: NKVM's own. */
  cluster?: string | undefined;
}

/** At how many runs of a backup its list of checks looks, restores and copies included. */
const LOOKED_AT = 500;

/** The image of a command is a pod that the caller has chosen. */
const CREATE_PODS: DeclaredRight = {
  ...{ verb: 'create', group: '', resource: 'pods', scope: 'namespace' },
  when: 'the drill runs a command',
};
const CANCEL_VERIFICATION = onClaim('create', 'backup', { when: 'the check is a verification' });
const CANCEL_DRILL = onClaim('create', 'restore', { when: 'the check is a drill' });
const SHOWS_OUTPUT: ShowingRight = {
  ...onClaim('get', 'archive'),
  what: 'names of files, and what the command wrote',
};

/** Verifications and drills of backups. They belong to the claim that was backed up. */
export const checkRoutes =
  (world: CheckRoutes): FastifyPluginAsyncZod =>
  async app => {
    const { cluster } = world;
    const { queue, history, inventory, rights, streams, texts, drills } = world;
    const changes = runChanges(history);
    const access = runAccess(world);

    const seenBy = async (caller: Subject, id: string, held = heldRights(caller, rights)) => {
      const run = await access.seenBy(caller, id, ['verify', 'drill'], held);
      const mayReadArchives = await held.has(access.rightOn('get', 'archive', run));
      const hide = await texts.from(held);
      return {
        run,
        show: (each: RunRecord): Check => hide(checkOf(each, { mayReadArchives, cluster })),
      };
    };

    const start = async (caller: Subject, backup: RunRecord, details: RunDetails) => {
      const { namespace, name, uid, namespaceUid, clusterUid } = backup;
      const target = { namespace, name, uid, place: { namespaceUid, clusterUid } };
      const asked = { kind: details.kind, details, requestedBy: nameOf(caller) };
      const [run] = await queue.add([target], asked);
      if (!run) throw new Error('the queue returned no run');
      return { check: checkOf(run, { mayReadArchives: false, cluster }) };
    };

    app.post(
      '/backups/:id/verify',
      {
        config: { rights: { needs: [SEE_RUN, onClaim('create', 'backup')] } },
        schema: {
          summary: 'Verify a backup',
          description: 'Reads each copy of its archive again, and compares it with the seal.',
          params: BackupParams,
          response: { 202: StartedCheck, default: Problem },
        },
      },
      async ({ caller, params }, reply) => {
        const backup = await access.seenBy(caller, params.id, ['backup']);
        await rights.need(caller, access.rightOn('create', 'backup', backup));
        const totalBytes = checkedCopies(backup).reduce((sum, { bytes }) => sum + bytes, 0);
        const details = { kind: 'verify', backup: backup.id, totalBytes } as const;
        return reply.code(202).send(await start(caller, backup, details));
      }
    );

    if (drills) {
      app.post(
        '/backups/:id/drill',
        {
          config: {
            rights: {
              needs: [
                SEE_RUN,
                onClaim('create', 'restore'),
                onClaim('get', 'archive'),
                CREATE_PODS,
              ],
            },
          },
          schema: {
            summary: 'Make a restore drill',
            description:
              'Restores the backup into a scratch claim in its namespace, compares, runs `command` if there is one, and deletes the claim again.',
            params: BackupParams,
            body: StartDrill,
            response: { 202: StartedCheck, default: Problem },
          },
        },
        async ({ caller, params, body }, reply) => {
          const backup = await access.seenBy(caller, params.id, ['backup']);
          await rights.need(caller, access.rightOn('create', 'restore', backup));
          await rights.need(caller, access.rightOn('get', 'archive', backup));
          const { namespace } = backup;
          if (!isOfLiveNamespace(backup, inventory.namespace(namespace))) throw gone(backup);
          // The image runs in the namespace as a pod that the caller has chosen.
          if (body.image !== undefined) await rights.need(caller, createPods(namespace));
          const [copy] = checkedCopies(backup);
          await admitDrill(drills, backup, body, whileConnected(reply));
          const details: RunDetails = {
            ...{ kind: 'drill', backup: backup.id, request: body },
            totalBytes: copy?.bytes ?? null,
            ...{ comparison: null, output: null, scratch: null },
          };
          return reply.code(202).send(await start(caller, backup, details));
        }
      );
    }

    app.get(
      '/backups/:id/checks',
      {
        config: { rights: { needs: [SEE_RUN], shows: [SHOWS_OUTPUT] } },
        schema: {
          summary: 'List the checks of a backup, newest first',
          params: BackupParams,
          response: { 200: CheckList, default: Problem },
        },
      },
      async ({ caller, params }) => {
        const held = heldRights(caller, rights);
        const backup = await access.seenBy(caller, params.id, ['backup'], held);
        const mayReadArchives = await held.has(access.rightOn('get', 'archive', backup));
        const runs = history.ofBackup(backup.id, LOOKED_AT + 1);
        const checks = runs
          .slice(0, LOOKED_AT)
          .filter(({ kind }) => kind === 'verify' || kind === 'drill');
        return {
          checks: checks.map(run => checkOf(run, { mayReadArchives, cluster })),
          ...limitsOf(runs.length > LOOKED_AT ? olderRuns() : undefined),
        };
      }
    );

    app.get(
      '/checks/:id',
      {
        config: { rights: { needs: [SEE_RUN], shows: [SHOWS_OUTPUT] } },
        schema: {
          summary: 'Read one check',
          params: BackupParams,
          response: { 200: Check, default: Problem },
        },
      },
      async ({ caller, params }) => {
        const { run, show } = await seenBy(caller, params.id);
        return show(run);
      }
    );

    app.get(
      '/checks/:id/events',
      {
        config: { rights: { needs: [SEE_RUN], shows: [SHOWS_OUTPUT] } },
        schema: {
          summary: 'Follow a check',
          description: 'Server-sent events `check`, each with the whole Check, until it has ended.',
          params: BackupParams,
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) =>
        await followRun(request, reply, {
          ...{ streams, changes, history, rights, access, seenBy },
          ...{ id: request.params.id, event: 'check' },
        })
    );

    app.post(
      '/checks/:id/cancel',
      {
        config: {
          rights: { needs: [SEE_RUN, CANCEL_VERIFICATION, CANCEL_DRILL], shows: [SHOWS_OUTPUT] },
        },
        schema: {
          summary: 'Cancel a check',
          description: 'Answers when the run has ended; no scratch claim stays.',
          params: BackupParams,
          response: { 200: Check, default: Problem },
        },
      },
      async ({ caller, params }) => {
        const { run, show } = await seenBy(caller, params.id);
        const subresource = run.kind === 'drill' ? 'restore' : 'backup';
        await rights.need(caller, access.rightOn('create', subresource, run));
        return show(await queue.cancel(run.id));
      }
    );
  };

const olderRuns = (): MetLimit => ({
  reason: 'ListLength',
  message: `NKVM reads only the newest ${LOOKED_AT} runs of this backup: older checks are missing`,
  hint: 'GET /api/v1/checks/ID reads an older one; the Events of the claim and the log have the ids',
});

const createPods = (namespace: string) =>
  ({ verb: 'create', group: '', resource: 'pods', namespace } as const);

const gone = ({ id, namespace }: RunRecord): StageError =>
  new StageError(
    'queue',
    'NamespaceNotFound',
    `namespace ${namespace}, which backup ${id} was made in, no longer exists`,
    'restore the backup into another namespace instead: that is compared as well',
    'needs-action'
  );
