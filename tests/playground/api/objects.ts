import { randomUUID } from 'node:crypto';
import type { Failure } from '../store/failure.ts';
import {
  badRequest,
  invalid,
  notFound,
  preconditionFailed,
  unsupportedMediaType,
} from '../store/failure.ts';
import { apiVersionOf, type Kind, resourceName } from '../store/kinds.ts';
import { randomSuffix } from '../store/names.ts';
import type { Draft, KubeObject, Metadata, Namespace, Pod } from '../store/object.ts';
import { jsonPatch, mergePatch } from '../store/patch.ts';
import type { Store } from '../store/store.ts';
import { strategicPatch } from '../store/strategicPatch.ts';
import { admit, admitToNamespace } from './admission.ts';
import { fillIn } from './defaults.ts';
import { validateChange, validateNew } from './validate.ts';

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  preconditions?: { uid?: string; resourceVersion?: string };
}

/** Part of an object that an update may change: the status by itself, or everything else. */
export type Part = 'main' | 'status';

interface WriteOptions {
  /** The answer is as if it had been done. */
  dryRun?: boolean;
}

/** Kinds that count the changes of their `spec`. */
const COUNTED = /^(pods|.*\.(apps|batch|autoscaling|networking\.k8s\.io|policy))$/;

export const PATCH_TYPES = {
  'application/json-patch+json': jsonPatch,
  'application/merge-patch+json': mergePatch,
  'application/strategic-merge-patch+json': strategicPatch,
} as const;

/** What can be done to objects: defaults, admission, validation and the rules of deletion, round the plain store. */
export class Objects {
  readonly store: Store;
  readonly #now: () => Date;

  constructor(store: Store, now: () => Date) {
    this.store = store;
    this.#now = now;
  }

  /** @throws Failure 404. */
  get<T extends KubeObject>(kind: Kind, namespace: string | undefined, name: string): T {
    const object = this.store.get<T>(kind, namespace, name);
    if (!object) throw notFound(kind, name);
    return object;
  }

  /** @throws Failure 400, 403, 404, 409 or 422, as the API server would. */
  create<T extends KubeObject>(
    kind: Kind,
    namespace: string | undefined,
    draft: Draft,
    { dryRun }: WriteOptions = {}
  ): T {
    checkEnvelope(kind, namespace, draft);
    const { metadata: given = {}, ...fields } = structuredClone(draft);
    if (!given.name && !given.generateName) {
      const detail = 'name or generateName is required';
      throw invalid(kind, '', [{ type: 'Required', field: 'metadata.name', detail }]);
    }
    const name = given.name || `${given.generateName}${randomSuffix()}`;
    if (namespace !== undefined) admitToNamespace(this.store, kind, namespace, name);
    const metadata: Metadata = {
      ...given,
      name,
      ...(namespace !== undefined && { namespace }),
      uid: randomUUID(),
      resourceVersion: '',
      creationTimestamp: seconds(this.#now()),
      ...(COUNTED.test(resourceName(kind)) && { generation: 1 }),
    };
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    const object = { ...fields, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata };
    fillIn(kind, object);
    admit(this.store, kind, object);
    validateNew(kind, object);
    return (dryRun ? object : this.store.create(kind, object)) as unknown as T;
  }

  /** Replaces one part. @throws Failure 400, 404, 409 or 422. */
  update<T extends KubeObject>(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    draft: Draft,
    part: Part = 'main',
    { dryRun }: WriteOptions = {}
  ): T {
    checkEnvelope(kind, namespace, draft);
    if (draft.metadata?.name !== name) {
      throw badRequest(
        `the name of the object (${
          draft.metadata?.name ?? ''
        }) does not match the name on the URL (${name})`
      );
    }
    const previous = this.get<KubeObject & Draft>(kind, namespace, name);
    const object = merged(kind, previous, structuredClone(draft), part);
    if (part === 'main') validateChange(kind, object, previous);
    if (dryRun) return object as unknown as T;
    const stored = this.store.update(kind, object);
    return (this.#isFinished(stored)
      ? this.store.remove(kind, namespace, name)
      : stored) as unknown as T;
  }

  /** Changes one part of what is there now. @param change gets a copy. */
  change<T extends KubeObject>(
    kind: Kind,
    object: T,
    part: Part,
    change: (object: T) => void
  ): T | undefined {
    const { namespace, name, uid } = object.metadata;
    const current = this.store.get<T>(kind, namespace, name);
    if (current?.metadata.uid !== uid) return undefined;
    const next = structuredClone(current);
    change(next);
    return this.update<T>(kind, namespace, name, next as unknown as Draft, part);
  }

  /** @throws Failure 400, 404, 409, 415 or 422. */
  patch<T extends KubeObject>(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    contentType: string,
    body: unknown,
    part: Part = 'main',
    options: WriteOptions = {}
  ): T {
    const apply = PATCH_TYPES[contentType as keyof typeof PATCH_TYPES];
    if (!apply) throw unsupportedMediaType();
    const current = this.get(kind, namespace, name);
    const patched = apply(current, body) as Draft;
    return this.update(kind, namespace, name, patched, part, options);
  }

  /**
   * Server-side apply, without owners of fields: fields that an earlier apply had and this one has not stay.
   * @throws Failure as `create` and `update` do.
   */
  apply<T extends KubeObject>(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    draft: Draft,
    options: WriteOptions = {}
  ): T {
    if (draft.metadata?.name !== name) {
      throw badRequest(
        `the name of the object (${name} based on URL) was undeterminable: name must be provided`
      );
    }
    const current = this.store.get(kind, namespace, name);
    if (!current) return this.create(kind, namespace, draft, options);
    const next = strategicPatch(current, draft) as Draft;
    return this.update(kind, namespace, name, next, 'main', options);
  }

  /**
   * Begins a deletion, and ends it where nothing stands against it: no grace for processes, no finalizer.
   * @returns the object as it was last, and whether it is gone.
   * @throws Failure 404, or 409 when a precondition does not hold.
   */
  remove<T extends KubeObject>(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {}
  ): { object: T; isGone: boolean } {
    const object = this.get<T>(kind, namespace, name);
    const refusal = preconditionProblem(kind, object, options.preconditions);
    if (refusal) throw refusal;

    const resource = resourceName(kind);
    const graceSeconds = resource === 'pods' ? podGrace(object as unknown as Pod, options) : 0;
    const finalizers = withPropagation(resource, object.metadata.finalizers ?? [], options);
    if (graceSeconds === 0 && finalizers.length === 0 && resource !== 'namespaces') {
      const last = this.#mark(object, finalizers, 0);
      return { object: this.store.remove<T>(kind, namespace, name) ?? last, isGone: true };
    }
    const { deletionGracePeriodSeconds: earlier = Infinity } = object.metadata;
    if (
      graceSeconds >= earlier &&
      finalizers.length === (object.metadata.finalizers ?? []).length
    ) {
      return { object, isGone: false };
    }
    const marked = this.#mark(object, finalizers, graceSeconds);
    if (resource === 'namespaces') {
      (marked as unknown as Namespace).status = { phase: 'Terminating' };
      delete marked.metadata.deletionGracePeriodSeconds;
    }
    return { object: this.store.update(kind, marked), isGone: false };
  }

  #mark<T extends KubeObject>(object: T, finalizers: string[], graceSeconds: number): T {
    const due = new Date(this.#now().getTime() + graceSeconds * 1000);
    const metadata: Metadata = {
      ...object.metadata,
      finalizers,
      deletionTimestamp: object.metadata.deletionTimestamp ?? seconds(due),
      deletionGracePeriodSeconds: graceSeconds,
      ...(object.metadata.generation !== undefined && {
        generation: object.metadata.generation + (object.metadata.deletionTimestamp ? 0 : 1),
      }),
    };
    if (finalizers.length === 0) delete metadata.finalizers;
    return { ...object, metadata };
  }

  /** Marked for deletion, and the last finalizer is gone. */
  #isFinished({ metadata, ...rest }: KubeObject): boolean {
    if (!metadata.deletionTimestamp || metadata.finalizers?.length) return false;
    const held = (rest as { spec?: { finalizers?: string[] } }).spec?.finalizers?.length;
    return !held && (metadata.deletionGracePeriodSeconds ?? 0) === 0;
  }
}

/** @returns a time as objects have it. */
export const seconds = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');

/** @throws Failure 400 when what was sent is for another place. */
function checkEnvelope(kind: Kind, namespace: string | undefined, draft: Draft): void {
  if (typeof draft !== 'object' || draft === null || Array.isArray(draft)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind})`);
  }
  if (draft.kind !== undefined && draft.kind !== kind.kind) {
    throw badRequest(
      `${draft.kind} in version "${draft.apiVersion ?? kind.version}" cannot be handled as a ${
        kind.kind
      }`
    );
  }
  if (draft.metadata?.namespace && draft.metadata.namespace !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request'
    );
  }
}

/** @returns the new object: one part of it from the draft, all else as before. */
function merged(kind: Kind, previous: KubeObject & Draft, draft: Draft, part: Part): KubeObject {
  const version = draft.metadata?.resourceVersion || previous.metadata.resourceVersion;
  const hasStatus = kind.subresources.includes('status');
  if (part === 'status') {
    return {
      ...previous,
      status: draft.status,
      metadata: { ...previous.metadata, resourceVersion: version },
    } as KubeObject;
  }
  const {
    uid,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generation,
    namespace,
  } = previous.metadata;
  const isChanged = JSON.stringify(draft.spec) !== JSON.stringify(previous.spec);
  const metadata: Metadata = {
    ...(draft.metadata as Metadata),
    ...(namespace !== undefined && { namespace }),
    uid,
    creationTimestamp,
    resourceVersion: version,
    ...(deletionTimestamp && { deletionTimestamp }),
    ...(deletionGracePeriodSeconds !== undefined && { deletionGracePeriodSeconds }),
    ...(generation !== undefined && { generation: generation + (isChanged ? 1 : 0) }),
  };
  const { apiVersion, kind: name, status } = previous;
  const object = { ...draft, apiVersion, kind: name, metadata };
  return (
    hasStatus ? { ...object, ...(status !== undefined && { status }) } : object
  ) as KubeObject;
}

function preconditionProblem(
  kind: Kind,
  { metadata }: KubeObject,
  wanted: DeleteOptions['preconditions']
): Failure | undefined {
  if (wanted?.uid !== undefined && wanted.uid !== metadata.uid) {
    return preconditionFailed(
      kind,
      metadata.name,
      `the UID in the precondition (${wanted.uid}) does not match the UID in record (${metadata.uid}). ` +
        'The object might have been deleted and then recreated'
    );
  }
  if (
    wanted?.resourceVersion !== undefined &&
    wanted.resourceVersion !== metadata.resourceVersion
  ) {
    return preconditionFailed(
      kind,
      metadata.name,
      `the ResourceVersion in the precondition (${wanted.resourceVersion}) does not match the ResourceVersion in ` +
        `record (${metadata.resourceVersion}). The object might have been modified`
    );
  }
  return undefined;
}

/** A pod that has no processes, or none any more, needs no time to end. */
function podGrace({ spec, status }: Pod, { gracePeriodSeconds }: DeleteOptions): number {
  if (!spec.nodeName || status.phase === 'Succeeded' || status.phase === 'Failed') return 0;
  return gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
}

/** The garbage collector takes these finalizers away when it has done its part. */
function withPropagation(resource: string, finalizers: string[], options: DeleteOptions): string[] {
  // A Job of batch/v1 leaves its pods, unless it is told otherwise (pkg/registry/batch/job/strategy.go).
  const policy = options.propagationPolicy ?? (resource === 'jobs.batch' ? 'Orphan' : 'Background');
  if (policy === 'Background') return finalizers;
  const finalizer = policy === 'Foreground' ? 'foregroundDeletion' : 'orphan';
  return [...new Set([...finalizers, finalizer])];
}
