import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import { randomSuffix } from '../store/names.ts';
import type { Event, KubeObject } from '../store/object.ts';

const EVENTS = kindNamed('events');

export interface Occurrence {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  /** Who says it, e.g. `kubelet`. */
  component: string;
  /** The node that it says it on. */
  host?: string;
  /** The part of the object, e.g. `spec.containers{main}`. */
  fieldPath?: string;
}

/** Writes Events. What was said before is counted, and not said again. */
export class EventRecorder {
  readonly #objects: Objects;
  readonly #now: () => Date;
  /** Names of Events, by what they say. */
  readonly #known = new Map<string, string>();

  constructor(objects: Objects, now: () => Date) {
    this.#objects = objects;
    this.#now = now;
  }

  record(about: KubeObject, occurrence: Occurrence): void {
    const { type, reason, message, component, host, fieldPath } = occurrence;
    const { uid, name, namespace = 'default', resourceVersion } = about.metadata;
    const key = [uid, reason, message].join('\n');
    const known = this.#objects.store.get<Event>(EVENTS, namespace, this.#known.get(key) ?? '');
    const at = this.#now().toISOString();
    const lastTimestamp = at.replace(/\.\d+Z$/, 'Z');
    if (known) {
      this.#objects.change(EVENTS, known, 'main', event => {
        event.count = (event.count ?? 1) + 1;
        event.lastTimestamp = lastTimestamp;
      });
      return;
    }
    const isScheduler = component === 'default-scheduler';
    const event = {
      metadata: { name: `${name}.${randomSuffix(16)}` },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name,
        ...(about.metadata.namespace && { namespace }),
        uid,
        resourceVersion,
        ...(fieldPath && { fieldPath }),
      },
      type,
      reason,
      message,
      // The scheduler writes Events in the newer form, which has no count.
      ...(isScheduler
        ? { eventTime: at.replace('Z', '000Z'), firstTimestamp: null, lastTimestamp: null }
        : { eventTime: null, firstTimestamp: lastTimestamp, lastTimestamp, count: 1 }),
      ...(isScheduler && { action: 'Scheduling' }),
      source: isScheduler ? {} : { component, ...(host && { host }) },
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
    try {
      this.#objects.create(EVENTS, namespace, event);
      this.#known.set(key, event.metadata.name);
    } catch {
      // The namespace is being deleted, and its Events with it.
    }
  }
}
