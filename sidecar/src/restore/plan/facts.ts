import type { StartRestore } from '../../../api/index.ts';
import { unselected } from '../../backup/request/obstacle.ts';
import type { OpenNamespaces } from '../../backup/request/openNamespaces.ts';
import type { Access, Action } from '../../cluster/gateway/access.ts';
import type { ClusterInventory } from '../../cluster/inventory/inventory.ts';
import type { NamespaceLimits } from '../../cluster/limits/quotas.ts';
import type { NamespaceFact } from '../../cluster/watch/facts.ts';
import type { ClaimWrites } from '../../cluster/writes/claimWrites.ts';
import { StageError, textOf } from '../../errors.ts';
import { checkArchive } from '../archiveCheck.ts';
import type { SelectEntries } from '../attempt.ts';
import { claimRefusal, restoresNotAllowed } from '../claim/claimRefusal.ts';
import { claimWish } from '../claim/newClaim.ts';
import type { Scaler } from '../scale/scaler.ts';
import type { RestoreSource, SourceWorld } from '../source.ts';
import { bytesOf } from '../source.ts';
import type { LookInto } from './lookInto.ts';
import { findOpenableSource } from './openableSource.ts';
import type { Answer, PlanFacts } from './planFacts.ts';
import type { PlannedSource } from './plannedSource.ts';
import { missingSource, plannedSource } from './plannedSource.ts';
import { sizeText } from './planSpace.ts';

/** The questions of a plan. None of them changes anything. */
export interface PlanWorld extends SourceWorld {
  inventory: Pick<ClusterInventory, 'claim' | 'podsOf' | 'namespace' | 'storageClasses'>;
  access: Pick<Access, 'mayI'>;
  /** Whether NKVM may use a namespace; see `openNamespaces`. Absent: the API server alone says so. */
  open?: Pick<OpenNamespaces, 'ask'>;
  claims: Pick<ClaimWrites, 'tryCreate'>;
  scaler: Pick<Scaler, 'workloadsOf'>;
  selectEntries: SelectEntries;
  lookInto: LookInto;
  readLimits(namespace: string, signal: AbortSignal): Promise<NamespaceLimits | undefined>;
  /** @returns whether a namespace admits no helper pod that writes. Absent: each does. */
  isRestricted?(namespace: NamespaceFact): boolean;
  /** @returns why the claim cannot be backed up now; undefined: it can. */
  backupObstacle(namespace: string, name: string): Promise<StageError | undefined>;
}

export interface FactOptions {
  /** Also reads the archive and looks into the claim, within some seconds. Otherwise only what is asked quickly. */
  isThorough: boolean;
  signal: AbortSignal;
}

/** How long a plan reads the archive, and how long it looks for the paths that were asked for. */
const BUDGET_MS = 10_000;
const QUICK_MS = 3_000;
/** A bigger archive is not read within that time anyway. */
const READ_BYTES = 8 * 1024 ** 3;

/** Without one of these there is nothing to plan: the request itself is wrong. */
const WRONG_REQUEST = ['BackupNotFound', 'UploadNotFound', 'BadKey', 'NotAnArchive'];

/**
 * Gathers everything that a plan follows from. Nothing that cannot be found out ends it: it is then said to be known later.
 * @throws StageError where the request names no archive that could be there.
 */
export async function gatherFacts(
  request: StartRestore,
  world: PlanWorld,
  { isThorough, signal }: FactOptions
): Promise<PlanFacts> {
  const { target } = request;
  const { namespace, name } = target;
  const source = await sourceFor(request, world, signal);
  const found = 'is' in source.found ? source.found.is : undefined;
  const wish = claimWish(target, found?.manifest);
  const claim = world.inventory.claim(namespace, name);
  const namespaceFact = world.inventory.namespace(namespace);
  const isNew = target.mode === 'new';
  const isThere = namespaceFact !== undefined && !namespaceFact.terminating;
  const rights: Answer<true> = isThere
    ? await rightsFor(request, world)
    : { later: `namespace ${namespace} does not exist` };
  const mayCreate = isNew && isThere && !claim && wish.size !== null && 'is' in rights;
  const budget = <T>(ask: (within: AbortSignal) => Promise<T>, later: string) =>
    inTime(ask, { ms: isThorough ? BUDGET_MS : QUICK_MS, signal, later });

  const [digest, selected, limits, creation, look, workloads, safety] = await Promise.all([
    found && isThorough ? digestOf(found, signal) : { later: LATER_READ },
    found && request.paths
      ? budget(async within => {
          const { entries, bytes } = await world.selectEntries(found, request.paths ?? [], within);
          return { entries, bytes };
        }, 'the archive has no index: the paths are checked before anything is written')
      : { is: null },
    isNew && isThere ? world.readLimits(namespace, signal) : undefined,
    mayCreate
      ? creationOf(request, wish, world, signal)
      : { later: 'the API server did not say whether it would create the claim' },
    !isNew && claim && found && isThorough
      ? world.lookInto({ claim, source: found, paths: request.paths, signal })
      : { later: 'the claim is inspected before anything is written' },
    request.scale && isThere
      ? answered(() => world.scaler.workloadsOf({ namespace, name, uid: claim?.uid ?? '' }, signal))
      : { is: [] },
    !isNew && claim && request.safetyBackup
      ? safetyOf(world.backupObstacle(namespace, name))
      : { is: true as const },
  ]);
  return {
    ...{ request, source, digest, selected, rights, claim, wish, limits, creation, look },
    ...{ workloads, safety },
    namespace: namespaceFact,
    isRestricted: namespaceFact !== undefined && world.isRestricted?.(namespaceFact) === true,
    pods: world.inventory.podsOf(namespace, name),
    classes: world.inventory.storageClasses(),
  };
}

const LATER_READ = 'the whole archive is read before anything is written';

async function sourceFor(
  request: StartRestore,
  world: PlanWorld,
  signal: AbortSignal
): Promise<PlannedSource> {
  try {
    const { source, locked } = await findOpenableSource(request.backup, world, signal);
    const planned = plannedSource(source);
    return locked ? { ...planned, found: { fails: locked } } : planned;
  } catch (error) {
    if (!(error instanceof StageError) || WRONG_REQUEST.includes(error.reason)) throw error;
    const { backup } = request;
    const run = world.history.get(backup) ?? world.elsewhere?.(backup)?.run;
    return missingSource(request.backup, error, {
      archive: run?.copies[0]?.key ?? '',
      namespace: run?.namespace ?? null,
      name: run?.name ?? null,
      createdAt: run?.createdAt ?? null,
      bytes: run?.copies[0]?.bytes ?? 0,
      rawBytes: run?.seal?.rawBytes ?? null,
      files: run?.seal?.files ?? null,
    });
  }
}

async function digestOf(source: RestoreSource, signal: AbortSignal): Promise<Answer<boolean>> {
  const later = `the archive of ${sizeText(
    bytesOf(source)
  )} is read as a whole before anything is written`;
  if (bytesOf(source) > READ_BYTES) return { later };
  return await inTime(async within => (await checkArchive(source, { signal: within })).isCompared, {
    ms: BUDGET_MS,
    signal,
    later,
  });
}

/** @returns what was found out within the time, or why it fails. @throws the reason of the caller's signal. */
async function inTime<T>(
  ask: (within: AbortSignal) => Promise<T>,
  { ms, signal, later }: { ms: number; signal: AbortSignal; later: string }
): Promise<Answer<T>> {
  const limit = AbortSignal.timeout(ms);
  try {
    return { is: await ask(AbortSignal.any([signal, limit])) };
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) return { later };
    if (error instanceof StageError) {
      return error.class === 'transient' ? { later: error.message } : { fails: error };
    }
    throw error;
  }
}

async function answered<T>(ask: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { is: await ask() };
  } catch (error) {
    if (error instanceof StageError) return { fails: error };
    return { later: `the API server did not say: ${textOf(error)}` };
  }
}

async function creationOf(
  { target }: StartRestore,
  wish: PlanFacts['wish'],
  { claims }: PlanWorld,
  signal: AbortSignal
): Promise<Answer<true>> {
  const { namespace, name } = target;
  const { size, storageClass, accessModes, labels, annotations } = wish;
  try {
    await claims.tryCreate(
      { namespace, name, labels, annotations, accessModes, size: size ?? '', storageClass },
      signal
    );
    return { is: true };
  } catch (error) {
    signal.throwIfAborted();
    const refusal = claimRefusal(target, error, 'queue');
    return refusal.reason === 'ApiUnreachable' ? { later: refusal.message } : { fails: refusal };
  }
}

async function safetyOf(obstacle: Promise<StageError | undefined>): Promise<Answer<true>> {
  const refusal = await obstacle;
  if (!refusal) return { is: true };
  return refusal.class === 'transient' ? { later: refusal.message } : { fails: refusal };
}

/** Rights that the runner needs in the namespace of the target. */
export function neededRights({ target, scale }: StartRestore): Action[] {
  const { namespace } = target;
  const on = (resource: string, verbs: Action['verb'][], group = ''): Action[] =>
    verbs.map(verb => ({ verb, group, resource, namespace }));
  return [
    ...on('pods', ['create', 'delete']),
    { verb: 'create', group: '', resource: 'pods', subresource: 'exec', namespace },
    ...(target.mode === 'new' ? on('persistentvolumeclaims', ['create', 'patch', 'delete']) : []),
    ...(scale
      ? [
          ...on('deployments', ['patch'], 'apps'),
          ...on('statefulsets', ['patch'], 'apps'),
          ...on('cronjobs', ['patch'], 'batch'),
        ]
      : []),
  ];
}

function notSelected(namespace: string): StageError {
  const { reason, message, hint } = unselected(namespace);
  return new StageError('queue', reason, message, hint, 'needs-action');
}

/** @returns whether NKVM may do what a restore needs in the namespace of its target. */
export async function rightsFor(
  request: StartRestore,
  { access, open }: Pick<PlanWorld, 'access' | 'open'>
): Promise<Answer<true>> {
  const { namespace } = request.target;
  try {
    const isOpen = await open?.ask(namespace);
    if (isOpen === 'unknown') return { later: 'the API server did not say whether it is open' };
    const needed = neededRights(request);
    const has = await Promise.all(needed.map(action => access.mayI(action)));
    const missing = needed.filter((_, at) => !has[at]);
    if (missing.length === 0 && isOpen === 'unselected') return { fails: notSelected(namespace) };
    if (missing.length === 0) return { is: true };
    const names = missing.map(({ verb, resource, subresource }) =>
      [verb, [resource, subresource].filter(Boolean).join('/')].join(' ')
    );
    return {
      fails: restoresNotAllowed(namespace, `its ServiceAccount lacks ${names.join(', ')}`),
    };
  } catch (error) {
    return { later: `the API server did not say what NKVM may do there: ${textOf(error)}` };
  }
}
