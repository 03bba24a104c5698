import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { Problem } from '../../api/index.ts';
import { namespaceOfNkvm } from '../../api/index.ts';
import { ApiFailure } from '../cluster/apiFailure.ts';
import type { FailureClass } from '../errors.ts';
import { StageError } from '../errors.ts';

/** A refusal because of the caller or the request itself. */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;
  readonly hint: string;
  readonly errors: Problem['errors'];
  constructor(
    status: number,
    reason: string,
    message: string,
    hint: string,
    errors?: Problem['errors']
  ) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.reason = reason;
    this.hint = hint;
    this.errors = errors;
  }
}

/** HTTP status of the reasons that a request can meet; for any other reason the class of the failure decides. */
const STATUS_OF: Record<string, number> = {
  BadCursor: 400,
  BackupNotFound: 404,
  RestoreNotFound: 404,
  CheckNotFound: 404,
  ArchiveMissing: 404,
  ArchiveUnreadable: 503,
  ArchiveBroken: 422,
  ArchiveLocked: 409,
  NoMatchingKey: 422,
  AgeBroken: 422,
  EntriesDepend: 422,
  UploadBroken: 422,
  UploadTooBig: 413,
  UploadStalled: 408,
  UploadInUse: 409,
  PathNotInArchive: 404,
  UnsafePath: 422,
  HardLinkBroken: 422,
  IndexTooBig: 422,
  UploadNotFound: 404,
  NamespaceNotFound: 404,
  ClaimNotFound: 404,
  AlreadyEnded: 409,
  RestoreUnderWay: 409,
  ClaimInUse: 409,
  ClaimLost: 409,
  ClaimNotBound: 409,
  ClaimTerminating: 409,
  NamespaceNotOpen: 409,
  BlockVolume: 422,
  InventoryNotReady: 503,
  NamespaceNotChecked: 503,
  Starting: 503,
  DestinationFull: 507,
  DestinationNearlyFull: 507,
  HistoryFull: 507,
  HistoryNotWritable: 503,
  HistoryFailed: 503,
  LeaseLost: 503,
};

const STATUS_OF_CLASS: Record<FailureClass, number> = {
  transient: 503,
  'needs-action': 409,
  unknown: 500,
};

const TITLES: Record<number, string> = {
  400: 'Invalid request',
  401: 'Not authenticated',
  403: 'Missing right',
  404: 'Not found',
  409: 'Not possible now',
  413: 'Request too large',
  415: 'Request is not JSON',
  422: 'Not possible',
  429: 'Too many requests',
  500: 'Internal error in NKVM',
  503: 'Not available now',
  507: 'No space left',
};

interface Facts {
  status: number;
  reason: string;
  message: string;
  hint: string;
  more?: Partial<Problem>;
}

/** @param errorId identifies an internal error in the log. @returns the answer for whatever was thrown. */
export function problemOf(error: unknown, errorId: string): Problem {
  const { status, reason, message, hint, more } = factsOf(error, errorId);
  return {
    type: `urn:nkvm:problem:${reason.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}`,
    title: TITLES[status] ?? 'The request was refused',
    status,
    detail: message,
    message: `${message}. ${capitalised(hint)}`, // no full stop: a hint may end with a command
    reason,
    hint,
    ...more,
  };
}

function factsOf(error: unknown, errorId: string): Facts {
  if (error instanceof Refusal) {
    const { status, reason, message, hint, errors } = error;
    return { status, reason, message, hint, more: errors && { errors } };
  }
  if (error instanceof StageError) {
    const { stage, reason, message, hint } = error;
    const status = STATUS_OF[reason] ?? STATUS_OF_CLASS[error.class];
    return { status, reason, message, hint, more: { stage } };
  }
  if (error instanceof ApiFailure) {
    return {
      status: 503,
      reason: 'ApiServerFailed',
      message: error.message,
      hint: 'try again when the API server can be reached; /readyz says what NKVM is waiting for',
    };
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(each => ({
      path: pathOf(error.validationContext, each.instancePath),
      message: each.message ?? 'is wrong',
    }));
    return {
      status: 400,
      reason: 'BadRequest',
      message: errors.map(each => `${each.path}: ${each.message}`).join('; '),
      hint: 'correct it; GET /api/v1/openapi.json describes every request',
      more: { errors },
    };
  }
  return fastifyFacts(error, errorId);
}

/** Requests that Fastify itself refuses: broken JSON, a huge body, another content type. */
function fastifyFacts(error: unknown, errorId: string): Facts {
  const { statusCode = 500, message = '' } = (error ?? {}) as Partial<FastifyError>;
  if (statusCode === 413) {
    return {
      status: 413,
      reason: 'BodyTooBig',
      message: 'the request body is larger than 64 KiB',
      hint: 'ask for fewer volumes at once',
    };
  }
  if (statusCode === 415) {
    return {
      status: 415,
      reason: 'NotJson',
      message: 'the content type of the request is not application/json',
      hint: 'send JSON with the header Content-Type: application/json',
    };
  }
  if (statusCode >= 400 && statusCode < 500) {
    return {
      status: statusCode,
      reason: 'BadRequest',
      message: `the request cannot be read: ${message}`,
      hint: 'GET /api/v1/openapi.json describes every request',
    };
  }
  return {
    status: 500,
    reason: 'Internal',
    message: `NKVM met an internal error (${errorId})`,
    hint: `look for ${errorId} in the log: kubectl logs deploy/nkvm -n ${namespaceOfNkvm()}`,
    more: { errorId },
  };
}

const pathOf = (context: string | undefined, instancePath: string): string =>
  [context, ...instancePath.split('/').filter(Boolean)].filter(Boolean).join('.') || 'body';

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
