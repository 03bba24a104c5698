import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { Problem } from '../../api/index.ts';
import { StageError } from '../errors.ts';

/** A refusal of the HTTP side: who is asking, or what for. */
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

/** HTTP status of the reasons that a request can meet; anything else is 500. */
const STATUS_OF: Record<string, number> = {
  BadCursor: 400,
  BackupNotFound: 404,
  NamespaceNotFound: 404,
  ClaimNotFound: 404,
  AlreadyEnded: 409,
  ClaimInUse: 409,
  ClaimLost: 409,
  ClaimNotBound: 409,
  ClaimTerminating: 409,
  NamespaceNotOpen: 409,
  BlockVolume: 422,
  InventoryNotReady: 503,
  Starting: 503,
  DestinationFull: 507,
  DestinationNearlyFull: 507,
  HistoryFull: 507,
  HistoryNotWritable: 503,
  HistoryFailed: 503,
};

const TITLES: Record<number, string> = {
  400: 'The request is wrong',
  401: 'Who is asking?',
  403: 'A right is missing',
  404: 'Not found',
  409: 'Not possible now',
  413: 'The request is too big',
  415: 'The request is not JSON',
  429: 'Too many requests',
  422: 'Not possible',
  500: 'A fault of NKVM',
  503: 'Not ready',
  507: 'No space left',
};

interface Facts {
  status: number;
  reason: string;
  message: string;
  hint: string;
  more?: Partial<Problem>;
}

/** @param errorId what the log calls a fault of ours. @returns the answer for whatever was thrown. */
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
    return { status: STATUS_OF[reason] ?? 500, reason, message, hint, more: { stage } };
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

/** What Fastify itself refuses: broken JSON, a huge body, another content type. */
function fastifyFacts(error: unknown, errorId: string): Facts {
  const { statusCode = 500, message = '' } = (error ?? {}) as Partial<FastifyError>;
  if (statusCode === 413) {
    return {
      status: 413,
      reason: 'BodyTooBig',
      message: 'the request body is bigger than 64 KiB',
      hint: 'ask for fewer volumes at once',
    };
  }
  if (statusCode === 415) {
    return {
      status: 415,
      reason: 'NotJson',
      message: 'the request body has another type than application/json',
      hint: 'send JSON with the header Content-Type: application/json',
    };
  }
  if (statusCode >= 400 && statusCode < 500) {
    return {
      status: statusCode,
      reason: 'BadRequest',
      message: `the request cannot be read: ${message}`,
      hint: 'send one whole JSON object',
    };
  }
  return {
    status: 500,
    reason: 'Internal',
    message: `something went wrong inside of NKVM (${errorId})`,
    hint: `look for ${errorId} in the log: kubectl logs deploy/nkvm -n nkvm`,
    more: { errorId },
  };
}

const pathOf = (context: string | undefined, instancePath: string): string =>
  [context, ...instancePath.split('/').filter(Boolean)].filter(Boolean).join('.') || 'body';

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
