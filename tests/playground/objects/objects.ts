import { randomUUID } from 'node:crypto';
import {
  alreadyExists,
  badRequest,
  invalid,
  notFound,
  unsupportedMediaType,
} from '../store/failure.ts';
import { apiVersionOf, type Kind, resourceName } from '../store/kinds.ts';
import { randomSuffix } from '../store/names.ts';
import type { Draft, KubeObject, Metadata, Namespace } from '../store/object.ts';
import { jsonPatch, mergePatch } from '../store/patch.ts';
import type { Store } from '../store/store.ts';
import { strategicPatch } from '../store/strategicPatch.ts';
import { seconds } from '../store/time.ts';
import { admit, admitToNamespace } from './admission.ts';
import { applyPolicies } from './admissionPolicies.ts';
import { fillIn } from './defaults.ts';
import { type DeleteOptions, planDeletion } from './deletion.ts';
import { checkEnvelope, merged, type Part } from './envelope.ts';
import { validateChange, validateNew } from './validate.ts';

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
    applyPolicies(this.store, kind, object);
    validateNew(kind, object);
    if (dryRun && this.store.get(kind, namespace, name)) throw alreadyExists(kind, name);
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
    const uid = patched.metadata?.uid;
    if (uid !== current.metadata.uid) {
      const detail = 'field is immutable';
      throw invalid(kind, name, [{ type: 'Invalid', field: 'metadata.uid', value: uid, detail }]);
    }
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
   * Begins a deletion, and completes it when nothing delays it: no grace for processes, no finalizer.
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
    const { graceSeconds, finalizers, isImmediate, isOld } = planDeletion(kind, object, options);
    if (isImmediate) {
      return { object: this.store.remove<T>(kind, namespace, name) ?? object, isGone: true };
    }
    if (isOld) return { object, isGone: false };
    const marked = this.#mark(object, finalizers, graceSeconds);
    if (resourceName(kind) === 'namespaces') {
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
