import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { Problem } from '../../../api/index.ts';
import { namespaceOfNkvm } from '../../../api/index.ts';
import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import type { FailureClass } from '../../errors.ts';
import { StageError } from '../../errors.ts';

/** A refusal because of the caller or the request itself. */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;
  readonly hint: string;
  /** Of the answer, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    reason: string,
    message: string,
    hint: string,
    headers: Readonly<Record<string, string>> = {}
  ) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.reason = reason;
    this.hint = hint;
    this.headers = headers;
  }
}

/** HTTP status of the reasons that a request can meet; for any other reason the class of the failure decides. */
const STATUS_OF: Record<string, number> = {
  BadCursor: 409,
  BackupNotFound: 404,
  RestoreNotFound: 404,
  CheckNotFound: 404,
  ArchiveMissing: 404,
  ChainIncomplete: 409,
  ChainBroken: 422,
  ArchiveUnreadable: 503,
  ArchiveBroken: 422,
  ArchiveLocked: 409,
  NoMatchingKey: 422,
  AgeBroken: 422,
  EntriesDepend: 422,
  IncrementNotOpened: 422,
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
  NamespaceNotSelected: 409,
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
  AuditFull: 507,
  AuditNotWritten: 503,
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
  405: 'Method not allowed',
  408: 'Request not complete',
  409: 'Not possible now',
  413: 'Request too large',
  414: 'URL too long',
  415: 'Content type not supported',
  417: 'Expectation not supported',
  422: 'Not possible',
  429: 'Too many requests',
  431: 'Headers too large',
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
    const { status, reason, message, hint } = error;
    return { status, reason, message, hint };
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
  const { statusCode = 500, message = '', code = '' } = (error ?? {}) as Partial<FastifyError>;
  const known =
    OF_FASTIFY[code] ?? (error instanceof SyntaxError && statusCode === 400 ? notJson : undefined);
  if (known) return known;
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
    hint: `find ${errorId} in the log: kubectl logs deploy/nkvm -n ${namespaceOfNkvm()}`,
    more: { errorId },
  };
}

const notJson: Facts = {
  status: 400,
  reason: 'BadRequest',
  message:
    'the request body is not valid JSON, or has a key that no request has, such as __proto__',
  hint: 'correct it; GET /api/v1/openapi.json describes every request',
};

/** By the code of Fastify's error. */
const OF_FASTIFY: Record<string, Facts> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    reason: 'BodyTooBig',
    message: 'the request body is larger than 4 MiB',
    hint: 'ask for fewer volumes or paths at once',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    reason: 'NotJson',
    message: 'the content type of the request is not application/json',
    hint: 'send JSON with the header Content-Type: application/json',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: notJson,
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    ...notJson,
    message: 'the request says that its body is JSON, and has no body',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    reason: 'MalformedRequest',
    message: 'the size of the request body is not what the header Content-Length says',
    hint: 'send the request again',
  },
  FST_ERR_BAD_URL: {
    status: 400,
    reason: 'BadRequest',
    message:
      'the URL of the request cannot be decoded: a % is not followed by the two digits of a byte of UTF-8 text',
    hint: 'percent-encode the names in it, as encodeURIComponent does',
  },
  FST_ERR_MAX_PARAM_LENGTH: {
    status: 414,
    reason: 'UrlTooLong',
    message: 'a part of the path of the URL is longer than any name can be',
    hint: 'correct the name',
  },
};

/** Seconds after which a caller may try again, by status: the trouble may pass by itself. */
const RETRY_AFTER: Record<number, string> = { 429: '5', 503: '5' };

/** @param status of the answer. @returns headers that belong to the answer for whatever was thrown. */
export const headersOf = (error: unknown, status: number): Readonly<Record<string, string>> => ({
  ...(RETRY_AFTER[status] && { 'retry-after': RETRY_AFTER[status] }),
  ...(error instanceof Refusal && error.headers),
});

const pathOf = (context: string | undefined, instancePath: string): string =>
  [context, ...instancePath.split('/').filter(Boolean)].filter(Boolean).join('.') || 'body';

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
