import { failureOf } from '../failure';
import { askApiServer, type NotDone, notDoneOf } from './apiServer';
import { confidential } from './confidential';
import { placeOf } from './place';
import { mayI } from './reviews';

/** A Secret as it is written. */
export interface SecretDraft {
  apiVersion: 'v1';
  kind: 'Secret';
  type: 'Opaque';
  metadata: {
    name: string;
    namespace: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
  };
  stringData: Record<string, string>;
}

/** A change of a Secret. `null` removes. */
export interface SecretChange {
  metadata?: { annotations?: Record<string, string | null> };
  /** New values, as text. */
  stringData?: Record<string, string>;
  /** Keys to remove. */
  data?: Record<string, null>;
}

export type SecretVerb = 'create' | 'patch' | 'delete';

/** Why a Secret could not be written. */
export type SecretTrouble =
  /** The person lacks the right. */
  | { kind: 'noRight'; verb: SecretVerb }
  | { kind: 'exists' }
  | { kind: 'gone' }
  | Exclude<NotDone, { kind: 'refused' }>
  | { kind: 'failed'; message: string };

/** What a request for a Secret threw, as a person has to know it. The API server's messages hold no values. */
export function secretTroubleOf(verb: SecretVerb, error: unknown): SecretTrouble {
  const { status, message } = failureOf(error);
  if (status === 403 && /is forbidden: User /.test(message)) return { kind: 'noRight', verb };
  if (status === 409 && verb === 'create') return { kind: 'exists' };
  if (status === 404) return { kind: 'gone' };
  const notDone = notDoneOf(error);
  return notDone.kind === 'refused' ? { kind: 'failed', message } : notDone;
}

/** @returns the command that asks the API server whether the person has the right. */
export const canWriteSecrets = (cluster: string, verb: SecretVerb): string =>
  `kubectl auth can-i ${verb} secrets -n ${placeOf(cluster).namespace}`;

/**
 * Writes Secrets of NKVM's namespace with the rights of the person at the browser. Nothing is read: what is stored never
 * comes to the browser.
 */
export function secretsOf(cluster: string) {
  const place = placeOf(cluster);
  const all = `/api/v1/namespaces/${place.namespace}/secrets`;
  const one = (name: string) => `${all}/${encodeURIComponent(name)}`;
  const send = (
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    type: string,
    body?: object
  ): Promise<unknown> =>
    askApiServer(place.cluster, path, { method, type, ...(body && { body: confidential(body) }) });
  return {
    create: (draft: SecretDraft) => send('POST', all, 'application/json', draft),
    change: (name: string, change: SecretChange) =>
      send('PATCH', one(name), 'application/merge-patch+json', change),
    remove: (name: string) => send('DELETE', one(name), 'application/json'),
  };
}

/** Asks whether the person may do it. @returns undefined where the API server did not say. */
export function mayWriteSecrets(cluster: string, verb: SecretVerb): Promise<boolean | undefined> {
  const place = placeOf(cluster);
  return mayI(place.cluster, { namespace: place.namespace, resource: 'secrets', verb });
}
