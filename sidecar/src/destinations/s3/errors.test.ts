import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { StageError } from '../../errors.ts';
import type { Attempt } from './errors.ts';
import { s3Error } from './errors.ts';

const where = {
  name: 'offsite',
  bucket: 'archives',
  region: 'eu-west-1',
  host: 's3.test',
  port: 443,
};
const writing: Attempt = { stage: 'copy', what: 'store a.tar.gz', isWrite: true };
const reading: Attempt = { stage: 'checksum', what: 'read a.tar.gz' };

/** An error as the SDK throws it, with all that must stay behind. */
const answered = (code: string, httpStatusCode: number, more: object = {}) =>
  Object.assign(new Error(`the server says ${code}`), {
    name: code,
    $metadata: { httpStatusCode },
    StringToSign: 'AWS4-HMAC-SHA256 of the secret',
    AWSAccessKeyId: 'AKIASECRET',
    $response: { headers: {}, request: { headers: { authorization: 'AKIASECRET' } } },
    ...more,
  });

describe('an answer of S3', () => {
  it.each<[string, Error, Attempt, string, string]>([
    [
      'a bucket that is not there',
      answered('NoSuchBucket', 404),
      writing,
      'BucketMissing',
      'needs-action',
    ],
    [
      'an unknown access key',
      answered('InvalidAccessKeyId', 403),
      reading,
      'LoginRefused',
      'needs-action',
    ],
    [
      'a wrong secret',
      answered('SignatureDoesNotMatch', 403),
      writing,
      'LoginRefused',
      'needs-action',
    ],
    ['a wrong clock', answered('RequestTimeTooSkewed', 403), writing, 'ClockSkew', 'needs-action'],
    [
      'a key that may only read',
      answered('AccessDenied', 403),
      writing,
      'DestinationReadOnly',
      'needs-action',
    ],
    [
      'a key that may not read',
      answered('AccessDenied', 403),
      reading,
      'ReadRefused',
      'needs-action',
    ],
    [
      'a request that the server does not know',
      answered('MethodNotAllowed', 405),
      writing,
      'NotOffered',
      'needs-action',
    ],
    ['the same, without a body', answered('Unknown', 501), reading, 'NotOffered', 'needs-action'],
    ['a quota of Ceph', answered('QuotaExceeded', 403), writing, 'DestinationFull', 'needs-action'],
    [
      'a full disk of MinIO',
      answered('XMinioStorageFull', 507),
      writing,
      'DestinationFull',
      'needs-action',
    ],
    ['too many requests', answered('SlowDown', 503), writing, 'DestinationBusy', 'transient'],
    [
      'an object that is too big',
      answered('EntityTooLarge', 400),
      writing,
      'ArchiveTooBig',
      'needs-action',
    ],
    [
      'a failure of its own',
      answered('InternalError', 500),
      writing,
      'DestinationFailed',
      'transient',
    ],
    [
      'bytes that changed on the way',
      answered('XAmzContentSHA256Mismatch', 400),
      writing,
      'DigestDiffers',
      'transient',
    ],
    ['something unknown', answered('Strange', 400), writing, 'DestinationFailed', 'unknown'],
    [
      'a connection that broke',
      Object.assign(new Error('socket'), { code: 'ECONNRESET' }),
      writing,
      'ConnectionBroke',
      'transient',
    ],
    [
      'a connection without a byte',
      Object.assign(new Error('timed out after 60000 ms of inactivity'), { name: 'TimeoutError' }),
      writing,
      'DestinationStalled',
      'transient',
    ],
  ])('%s', (_, error, attempt, reason, failureClass) => {
    expect(s3Error(error, attempt, where)).toMatchObject({
      name: 'StageError',
      stage: attempt.stage,
      reason,
      class: failureClass,
      message: expect.stringContaining('destination offsite: '),
    });
  });

  it('names the region that a bucket is in', () => {
    const more = { $response: { headers: { 'x-amz-bucket-region': 'us-east-2' } } };
    expect(s3Error(answered('PermanentRedirect', 301, more), writing, where)).toMatchObject({
      reason: 'BucketElsewhere',
      message: 'destination offsite: bucket archives is not in region eu-west-1 but in us-east-2',
      hint: expect.stringContaining('set region to us-east-2'),
    });
  });

  it('leaves the signed request and the key behind, also in its cause', () => {
    const error = s3Error(answered('SignatureDoesNotMatch', 403), writing, where);
    expect(inspect(error, { depth: 9 })).not.toMatch(/AKIASECRET|StringToSign/);
  });

  it('is not what went wrong when the caller has stopped the request', () => {
    const why = new StageError(
      'copy',
      'RunCancelled',
      'cancelled',
      'start it again',
      'needs-action'
    );
    const attempt = { ...writing, signal: AbortSignal.abort(why) };
    expect(s3Error(new Error('Request aborted'), attempt, where)).toBe(why);
  });
});
