import type { Kind } from './kinds.ts';

export interface Cause {
  reason?: string;
  message: string;
  field?: string;
}

/** The body of every error of the API server. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { continue?: string };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: Cause[];
  };
  code?: number;
}

/** A refusal of the API server, in the words of the real one (k8s.io/apimachinery/pkg/api/errors). */
export class Failure extends Error {
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: Status['details']) {
    super(message);
    this.name = 'Failure';
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason && { reason }),
      ...(details && { details }),
      code,
    };
  }

  get code(): number {
    return this.status.code ?? 500;
  }
}

type Resource = Pick<Kind, 'group' | 'plural' | 'kind'>;

const qualified = (name: string, group: string): string => (group ? `${name}.${group}` : name);

const detailsOf = ({ group, plural }: Pick<Kind, 'group' | 'plural'>, name: string) => ({
  ...(name && { name }),
  ...(group && { group }),
  kind: plural,
});

export const notFound = (kind: Pick<Kind, 'group' | 'plural'>, name: string): Failure =>
  new Failure(
    404,
    'NotFound',
    `${qualified(kind.plural, kind.group)} "${name}" not found`,
    detailsOf(kind, name)
  );

export const alreadyExists = (kind: Resource, name: string): Failure =>
  new Failure(
    409,
    'AlreadyExists',
    `${qualified(kind.plural, kind.group)} "${name}" already exists`,
    detailsOf(kind, name)
  );

export const conflict = (kind: Resource, name: string): Failure =>
  new Failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(kind.plural, kind.group)} "${name}": ` +
      'the object has been modified; please apply your changes to the latest version and try again',
    detailsOf(kind, name)
  );

/** The precondition of a delete does not hold. The API server names the kind here, and not the resource. */
export const preconditionFailed = (kind: Resource, name: string, why: string): Failure =>
  new Failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(kind.kind, kind.group)} "${name}": ${why}`,
    { name, ...(kind.group && { group: kind.group }), kind: kind.kind }
  );

const CAUSES = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  Forbidden: 'FieldValueForbidden',
} as const;

/** What is wrong with one field, e.g. `{type: 'Required', field: 'spec.containers'}`. */
export interface FieldProblem {
  type: keyof typeof CAUSES;
  field: string;
  /** Shown for `Invalid`. */
  value?: unknown;
  detail?: string;
}

export function invalid(
  kind: Pick<Kind, 'group' | 'kind'>,
  name: string,
  problems: readonly FieldProblem[]
): Failure {
  const causes = problems.map(({ type, field, value, detail }) => ({
    reason: CAUSES[type],
    message:
      (type === 'Forbidden'
        ? 'Forbidden'
        : `${type} value${type === 'Invalid' ? `: ${JSON.stringify(value)}` : ''}`) +
      (detail ? `: ${detail}` : ''),
    field,
  }));
  const sentences = causes.map(({ field, message }) => `${field}: ${message}`);
  const all = sentences.length === 1 ? sentences[0] : `[${sentences.join(', ')}]`;
  return new Failure(
    422,
    'Invalid',
    `${qualified(kind.kind, kind.group)} "${name}" is invalid: ${all}`,
    { ...(name && { name }), ...(kind.group && { group: kind.group }), kind: kind.kind, causes }
  );
}

/** A patch that does not fit the object; the real one says no more. */
export const patchRefused = (): Failure =>
  new Failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

export const badRequest = (message: string): Failure => new Failure(400, 'BadRequest', message);

export const unauthorized = (): Failure => new Failure(401, 'Unauthorized', 'Unauthorized');

export const forbidden = (
  kind: Pick<Kind, 'group' | 'plural'>,
  name: string,
  why: string,
  causes?: Cause[]
): Failure => {
  const resource = qualified(kind.plural, kind.group);
  return new Failure(
    403,
    'Forbidden',
    `${name ? `${resource} "${name}"` : resource} is forbidden: ${why}`,
    { ...detailsOf(kind, name), ...(causes && { causes }) }
  );
};

export const resourceNotFound = (): Failure =>
  new Failure(404, 'NotFound', 'the server could not find the requested resource', {});

export const methodNotAllowed = (): Failure =>
  new Failure(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {}
  );

export const unsupportedMediaType = (): Failure =>
  new Failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});

export const expired = (message: string): Failure => new Failure(410, 'Expired', message);

export const unavailable = (message: string): Failure =>
  new Failure(503, 'ServiceUnavailable', message);

export const internalError = (message: string): Failure =>
  new Failure(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });
