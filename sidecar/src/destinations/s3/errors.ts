import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { networkError } from '../trust/networkError.ts';

/** Where the storage is, for messages. */
export interface Where {
  /** Name of the destination. */
  name: string;
  bucket: string;
  region: string;
  host: string;
  port: number;
}

/** The operation during which a request failed. */
export interface Attempt {
  stage: Stage;
  /** For people, e.g. `store a__b.tar.gz`. */
  what: string;
  /** Whether it would have changed something. */
  isWrite?: boolean;
  signal?: AbortSignal | undefined;
}

/** The useful part of an error of the SDK. The rest, such as the signed request, is dropped. */
export interface Answer {
  /** Of S3, e.g. `NoSuchBucket`; for a HEAD, which has no body, `NotFound` or the like. */
  code: string;
  /** HTTP status; undefined: there was no answer. */
  status: number | undefined;
  message: string;
  /** Region of the bucket, where the server has named it. */
  region: string | undefined;
}

/** @returns undefined when the server has not answered: then it is an error of the connection. */
export function answerOf(error: unknown): Answer | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata, $response, Code, Region } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return undefined;
  const code = Code ?? error.name;
  return {
    code,
    status,
    message:
      error.message === 'UnknownError' ? '' : error.message.replace(/\s+/g, ' ').slice(0, 300),
    region: $response?.headers?.['x-amz-bucket-region'] ?? Region,
  };
}

interface SdkError extends Error {
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string> };
  Code?: string;
  Region?: string;
}

const LOGIN = new Set([
  ...['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidSecurity', 'InvalidToken'],
  ...['ExpiredToken', 'TokenRefreshRequired', 'AccountProblem', 'NotSignedUp', 'Unauthorized'],
  ...['InvalidClientTokenId', 'AuthorizationHeaderMalformed', 'XAmzInvalidAccessKeyId'],
]);
const FULL = new Set([
  ...['QuotaExceeded', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded', 'StorageFull'],
  ...['InsufficientStorage', 'XStorageQuotaExceeded', 'InsufficientCapacity'],
]);
const BUSY = new Set([
  'SlowDown',
  'SlowDownRead',
  'SlowDownWrite',
  'ServiceUnavailable',
  'Throttling',
]);
const SKEWED = new Set(['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture']);
const ELSEWHERE = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);
const DENIED = new Set(['AccessDenied', 'AllAccessDisabled', 'Forbidden', 'ObjectLocked']);
const NOT_OFFERED = new Set(['MethodNotAllowed', 'NotImplemented', 'XNotImplemented']);
const BROKEN = new Set([
  ...['BadDigest', 'XAmzContentSHA256Mismatch', 'XAmzContentChecksumMismatch', 'InvalidDigest'],
]);
const TOO_BIG = new Set(['EntityTooLarge', 'InvalidPartNumber', 'TooManyParts']);

/** @returns what a failed request means for the person whose backup it was. A StageError stays as it is. */
export function s3Error(
  error: unknown,
  { stage, what, isWrite, signal }: Attempt,
  where: Where
): Error {
  if (error instanceof StageError) return error;
  if (signal?.aborted) return signal.reason instanceof Error ? signal.reason : new Error('stopped');
  const answer = answerOf(error);
  const { name, bucket, host, port } = where;
  if (!answer) {
    if (isStall(error)) {
      return new StageError(
        stage,
        'DestinationStalled',
        `destination ${name}: ${host} transferred no more bytes (${what})`,
        'check the server and the network between NKVM and it; NKVM tries again',
        'transient',
        { cause: error }
      );
    }
    return networkError(asSystem(error), { stage, place: name, host, port });
  }
  const { code, status, message, region } = answer;
  // Neither the signed request nor the key id may travel in a cause: causes are logged.
  const options = {
    cause: Object.assign(new Error(message || code), { name: code, code, status }),
  };
  const to = `destination ${name}: `;
  if (code === 'NoSuchBucket') {
    return new StageError(
      stage,
      'BucketMissing',
      `${to}there is no bucket ${bucket} at ${host}`,
      'create the bucket, or correct bucket, endpoint and region in the Secret',
      'needs-action',
      options
    );
  }
  if (status === 301 || status === 307 || (ELSEWHERE.has(code) && region)) {
    return new StageError(
      stage,
      'BucketElsewhere',
      `${to}bucket ${bucket} is not in region ${where.region}${region ? ` but in ${region}` : ''}`,
      `set region${region ? ` to ${region}` : ''} in the Secret, and the endpoint of that region`,
      'needs-action',
      options
    );
  }
  if (SKEWED.has(code)) {
    return new StageError(
      stage,
      'ClockSkew',
      `${to}the clocks of NKVM and of ${host} differ too much`,
      'set both clocks by NTP: S3 takes a difference of 15 minutes at most',
      'needs-action',
      options
    );
  }
  if (LOGIN.has(code) || status === 401) {
    return new StageError(
      stage,
      'LoginRefused',
      `${to}${host} refuses the access key or its secret (${code})`,
      'put a valid accessKeyId and secretAccessKey into the Secret',
      'needs-action',
      options
    );
  }
  if (FULL.has(code) || status === 507) {
    return new StageError(
      stage,
      'DestinationFull',
      `${to}bucket ${bucket} has no space for more bytes (${code}), when NKVM wanted to ${what}`,
      'delete archives that are no longer needed, or raise the quota; then start the backup again',
      'needs-action',
      options
    );
  }
  if (NOT_OFFERED.has(code) || status === 405 || status === 501) {
    return new StageError(
      stage,
      'NotOffered',
      `${to}the server at ${host} does not offer to ${what} (${code})`,
      'use a server that offers it; where an unfinished upload cannot be aborted, let a rule of the bucket delete it',
      'needs-action',
      options
    );
  }
  if (DENIED.has(code) || status === 403) {
    return isWrite
      ? new StageError(
          stage,
          'DestinationReadOnly',
          `${to}the access key may not ${what}`,
          'allow s3:PutObject, s3:AbortMultipartUpload and s3:DeleteObject below the prefix, or use another key',
          'needs-action',
          options
        )
      : new StageError(
          stage,
          'ReadRefused',
          `${to}the access key may not ${what}`,
          'allow s3:GetObject below the prefix and s3:ListBucket, or use another key',
          'needs-action',
          options
        );
  }
  if (BROKEN.has(code)) {
    return new StageError(
      stage,
      'DigestDiffers',
      `${to}${host} received other bytes than NKVM sent (${code}), when NKVM wanted to ${what}`,
      'find what changes bytes between NKVM and the server; NKVM tries again',
      'transient',
      options
    );
  }
  if (BUSY.has(code) || status === 429 || status === 503) {
    return new StageError(
      stage,
      'DestinationBusy',
      `${to}${host} asks for fewer requests (${code})`,
      'nothing to do if it happens rarely: NKVM tries again',
      'transient',
      options
    );
  }
  if (TOO_BIG.has(code)) {
    return new StageError(
      stage,
      'ArchiveTooBig',
      `${to}the server does not accept an object as big as this archive (${code})`,
      'raise the limit of the server, or use another destination for this volume',
      'needs-action',
      options
    );
  }
  return new StageError(
    stage,
    'DestinationFailed',
    `${to}${host} answered ${status} ${code}${message ? `: ${message}` : ''} (${what})`,
    'see the log of the server; NKVM tries again',
    status !== undefined && status >= 500 ? 'transient' : 'unknown',
    options
  );
}

/** @param message how the object, or a part of it, differs from the bytes that were sent */
export const storedDiffers = (place: string, message: string): StageError =>
  new StageError(
    'checksum',
    'DigestDiffers',
    `archive ${place} ${message}`,
    'start the backup again; if it happens again, check the storage',
    'unknown'
  );

/** The SDK calls each broken connection a TimeoutError. @returns the error as Node has it. */
function asSystem(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? Object.assign(new Error(message), { code }) : error;
}

/** The SDK gives up on a socket without traffic with words of its own. */
const isStall = (error: unknown): boolean =>
  error instanceof Error &&
  error.name === 'TimeoutError' &&
  /inactivity|requestTimeout/.test(error.message);
