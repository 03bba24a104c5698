import type { FailureClass } from '../../errors.ts';

/**
 * The kind of failure of a call.
 * - `unreachable`: no answer, or one that did not come from an API server.
 * - `busy`: the API server, or something that it depends on, could not serve the call now.
 * - `refused`: the caller may not do it, or an admission rule denies it.
 * - `notFound`, `conflict`, `invalid`: about the object or the request.
 * - `gone`: a watch or a page of a list is too old.
 */
export type FailureKind =
  | 'unreachable'
  | 'busy'
  | 'refused'
  | 'notFound'
  | 'conflict'
  | 'invalid'
  | 'gone';

/** One entry of `details.causes` of a Status. */
export interface Cause {
  reason: string;
  message: string;
  field: string;
}

export interface FailureFacts {
  kind: FailureKind;
  class: FailureClass;
  /** HTTP status; undefined when there was no answer. */
  status?: number | undefined;
  /** `reason` of the Status, e.g. `AlreadyExists`. */
  reason?: string | undefined;
  causes?: readonly Cause[];
  /** How long the API server asked us to wait. */
  retryAfterMs?: number | undefined;
  /** The API server as a whole seems to be away, or refuses our credentials; not only this call. */
  isAway?: boolean;
  /** The call may have been carried out all the same. */
  mayBeDone?: boolean;
}

/** Why a call to the API server failed. The message is one line: the API server's own sentence where it gave one. */
export class ApiFailure extends Error {
  readonly kind: FailureKind;
  readonly class: FailureClass;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly causes: readonly Cause[];
  readonly retryAfterMs: number | undefined;
  readonly isAway: boolean;
  readonly mayBeDone: boolean;

  constructor(message: string, facts: FailureFacts, options?: ErrorOptions) {
    super(oneLine(message), options);
    this.name = 'ApiFailure';
    this.kind = facts.kind;
    this.class = facts.class;
    this.status = facts.status;
    this.reason = facts.reason;
    this.causes = facts.causes ?? [];
    this.retryAfterMs = facts.retryAfterMs;
    this.isAway = facts.isAway ?? false;
    this.mayBeDone = facts.mayBeDone ?? false;
  }
}

/** The HTTP response. */
export interface Answer {
  status: number;
  statusText?: string;
  body: string;
  /** The header Retry-After. */
  retryAfter?: string | undefined;
}

/** @returns the failure that an answer other than 2xx, or a Status inside of a stream, tells about. */
export function failureOf({ status, statusText = '', body, retryAfter }: Answer): ApiFailure {
  const said = statusIn(body);
  const sentence = sentenceOf(body);
  const facts = said ? factsOf(status, said) : factsWithout(status, sentence);
  return new ApiFailure(
    said?.message || sentence || `the API server answered HTTP ${status} ${statusText}`.trim(),
    {
      ...facts,
      status,
      reason: said?.reason || undefined,
      causes: said?.causes ?? [],
      retryAfterMs: millisecondsOf(retryAfter) ?? said?.retryAfterMs,
    }
  );
}

interface Said {
  reason: string;
  message: string;
  causes: Cause[];
  retryAfterMs: number | undefined;
}

type Verdict = Pick<FailureFacts, 'kind' | 'class' | 'isAway' | 'mayBeDone'>;

const invalid: Verdict = { kind: 'invalid', class: 'needs-action' };
const refused: Verdict = { kind: 'refused', class: 'needs-action' };
const away: Verdict = { kind: 'busy', class: 'transient', isAway: true, mayBeDone: true };

/** An admission rule has said no: the code is the rule's choice (a webhook's default is 400, a policy's 422). */
const DENIED = /^admission webhook .+ denied the request|AdmissionPolicy '.+' denied request/;

/** Refusals that pass by themselves: pods end, and a new namespace gets its ServiceAccount within a moment. */
const PASSES = /exceeded quota:|status unknown for quota|error looking up service account/;

function factsOf(status: number, { reason, message }: Said): Verdict {
  if (DENIED.test(message) && status < 500) return refused;
  switch (status) {
    case 401:
      return { ...refused, isAway: true }; // every other call would meet the same
    case 403:
      return PASSES.test(message) ? { ...refused, class: 'transient' } : refused;
    case 404:
      return { kind: 'notFound', class: 'needs-action' };
    case 409:
      // Admission updates the quota's usage; a conflict there says nothing about the object of this call.
      if (/ on resourcequotas/.test(message)) return { kind: 'busy', class: 'transient' };
      return { kind: 'conflict', class: reason === 'AlreadyExists' ? 'unknown' : 'transient' };
    case 410:
      return { kind: 'gone', class: 'transient' };
    case 408:
    case 429:
      return { kind: 'busy', class: 'transient' };
    default:
      return status >= 500 ? serverFault(status, message) : invalid;
  }
}

const KUBELET =
  /error dialing backend|unable to upgrade connection|proxy error from|container not found|pod does not exist/;

function serverFault(status: number, message: string): Verdict {
  // A webhook that this call depends on: the API server itself is available.
  if (/failed calling webhook|failed to call webhook/.test(message)) {
    return { kind: 'busy', class: 'transient' };
  }
  if (/denied the request/.test(message)) return { kind: 'refused', class: 'transient' };
  if (/container not found|pod does not exist/.test(message)) {
    return { kind: 'notFound', class: 'transient' };
  }
  // The kubelet of one node, on the way to a pod.
  if (KUBELET.test(message)) {
    return { kind: 'unreachable', class: 'transient' };
  }
  if (/database space exceeded/.test(message)) return { ...away, class: 'unknown' };
  const passes =
    status > 500 || /etcdserver|leader changed|timed? ?out|deadline exceeded/i.test(message);
  return passes ? away : { ...away, class: 'unknown' };
}

/** An answer without a Status object comes from something in front of the API server, or for a path that it has not. */
function factsWithout(status: number, sentence: string): Verdict {
  if (status === 429) return { kind: 'busy', class: 'transient' };
  // A kubelet's own sentence, which the API server passes on.
  if (status >= 500 && sentence !== '' && KUBELET.test(sentence))
    return serverFault(status, sentence);
  if (status >= 500) {
    return { kind: 'unreachable', class: 'transient', isAway: true, mayBeDone: true };
  }
  if (status === 401) return { ...refused, isAway: true };
  if (status === 403) return refused;
  // Never `notFound`: a wrong route to the API server must not look as if objects were gone.
  if (status === 404) return { kind: 'invalid', class: 'unknown' };
  return invalid;
}

/**
 * An authorizer's refusal, e.g. `pods is forbidden: User "x" cannot create resource "pods" in API group ""`. A policy may use
 * the same words in its explanation, but is not an authorizer.
 */
export const isMissingRight = ({ status, message }: ApiFailure): boolean =>
  status === 403 &&
  /^(?:\S+(?: "[^"]*")? is )?forbidden: User "[^"]*" cannot \w+ (?:resource|path) "/.test(message);

/** Codes of node:tls and OpenSSL for a certificate that somebody must replace or trust, and of a wrong address. */
const TLS_CODES =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO|ERR_INVALID_URL)/;

/** Codes with which nothing of the request can have reached the API server. */
const NOT_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH)/;

/** @returns the failure of a call that got no answer from `host`. */
export function failureOfConnection(host: string, error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  const { code = '', message } = innermost(error);
  const isTls = TLS_CODES.test(code) || (code === '' && /certificate/i.test(message));
  return new ApiFailure(
    `the API server ${host} cannot be reached: ${plain(message) || code || 'no details'}`,
    {
      kind: 'unreachable',
      class: isTls ? 'needs-action' : 'transient',
      isAway: true,
      mayBeDone: !isTls && !NOT_SENT.test(code),
    },
    { cause: error }
  );
}

/** @returns the message without OpenSSL's places in its own sources, and without advice about Node.js. */
const plain = (message: string): string =>
  message
    .replace(/^.*SSL routines:[^:]*:([^:]+):.*$/s, 'TLS: $1')
    .replace(/; if the root CA is installed locally.*$/, '');

/** @returns the failure of a call that took too long. */
export const failureOfTime = (what: string, ms: number): ApiFailure =>
  new ApiFailure(`${what} took longer than ${ms / 1000} s`, {
    kind: 'unreachable',
    class: 'transient',
    isAway: true,
    mayBeDone: true,
  });

/** @returns the failure of a call whose credentials cannot be had, e.g. because a file is missing. */
export const failureOfCredentials = (error: unknown): ApiFailure =>
  new ApiFailure(
    `the credentials for the API server cannot be read: ${innermost(error).message}`,
    { kind: 'refused', class: 'needs-action', isAway: true },
    { cause: error }
  );

/** An AggregateError (no address of a name could be reached) has no text of its own. */
function innermost(error: unknown): { code?: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  if (!(error instanceof Error)) return { message: String(error) };
  if (error.message === '' && error.cause) return innermost(error.cause);
  return { code: (error as NodeJS.ErrnoException).code ?? '', message: error.message };
}

/** @returns what a Status object says; undefined for anything else. */
function statusIn(body: string): Said | undefined {
  let said: {
    kind?: unknown;
    status?: unknown;
    reason?: unknown;
    message?: unknown;
    details?: { causes?: unknown; retryAfterSeconds?: unknown };
  };
  try {
    said = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof said !== 'object' || said === null) return undefined;
  if (said.kind !== 'Status' && said.status !== 'Failure') return undefined;
  const { causes, retryAfterSeconds } = said.details ?? {};
  return {
    reason: textIn(said.reason),
    message: textIn(said.message),
    causes: (Array.isArray(causes) ? causes : []).map(each => ({
      reason: textIn(each?.reason),
      message: textIn(each?.message),
      field: textIn(each?.field),
    })),
    retryAfterMs: typeof retryAfterSeconds === 'number' ? retryAfterSeconds * 1000 : undefined,
  };
}

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');

/** @returns the text of a short plain body, as a kubelet sends it; none for a page. */
const sentenceOf = (body: string): string => {
  const text = oneLine(body);
  return text.startsWith('<') || text.startsWith('{') || text.length > 300 ? '' : text;
};

/** @param header seconds; a date, which HTTP allows as well, is not sent by any API server. */
function millisecondsOf(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return header && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

const LONGEST = 1000;

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
}
