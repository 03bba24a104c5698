import type { S3 } from '@aws-sdk/client-s3';
import type { DirectPart, SignedRequest } from '../../direct.ts';
import type { S3Settings } from '../settings.ts';
import { serverOf } from '../settings.ts';

/**
 * How long a signed request may wait before it begins. A part that is slow is not cut off. The clock of this process may be five
 * minutes behind: the SDK corrects only bigger differences.
 */
const EXPIRES_S = 600;

const CHECKSUM = 'x-amz-checksum-sha256';

/**
 * Signs the request that stores one part. Size and SHA-256 are signed headers, so that the server takes these bytes and no
 * others. They are not moved into the query, where other servers than Amazon's ignore them.
 * @param now see `signed`
 */
export const signPart = (
  s3: S3,
  settings: S3Settings,
  { key, uploadId }: { key: string; uploadId: string },
  { number, bytes, sha256 }: DirectPart,
  now: Date
): Promise<Omit<SignedRequest, 'addresses'>> =>
  signed(s3, settings, {
    method: 'PUT',
    path: pathOf(settings, key),
    query: { partNumber: `${number}`, uploadId },
    headers: { 'content-length': `${bytes}`, [CHECKSUM]: sha256 },
    now,
  });

/** Signs the request that reads an object. A header `Range` is not signed, and may be added. @param now see `signed` */
export const signRead = (
  s3: S3,
  settings: S3Settings,
  key: string,
  now: Date
): Promise<Omit<SignedRequest, 'addresses'>> =>
  signed(s3, settings, { method: 'GET', path: pathOf(settings, key), query: {}, headers: {}, now });

interface Asked {
  method: 'PUT' | 'GET';
  path: string;
  query: Record<string, string>;
  /** Besides `host`. */
  headers: Record<string, string>;
  /** By the clock of this process; what the SDK knows of the server's clock is added. */
  now: Date;
}

/** Signs a request in its query (AWS Signature Version 4). */
async function signed(
  { config }: S3,
  settings: S3Settings,
  { method, path, query, headers, now }: Asked
): Promise<Omit<SignedRequest, 'addresses'>> {
  const { SignatureV4 } = await import('../sdk.ts');
  const { host, port, isTls } = serverOf(settings);
  const signer = new SignatureV4({
    service: 's3',
    region: settings.region,
    credentials: settings,
    sha256: config.sha256,
    uriEscapePath: false,
  });
  const isUsual = port === (isTls ? 443 : 80);
  const all = {
    host: isUsual ? host : `${host}:${port}`,
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    ...headers,
  };
  const request = await signer.presign(
    { method, protocol: isTls ? 'https:' : 'http:', hostname: host, path, headers: all, query },
    {
      expiresIn: EXPIRES_S,
      signingDate: new Date(now.getTime() + config.systemClockOffset),
      unhoistableHeaders: new Set([CHECKSUM]),
    }
  );
  return { path: `${path}?${queryText(request.query ?? {})}`, headers: request.headers };
}

/** @returns the path of an object as it is signed: each segment escaped as RFC 3986 has it. */
export function pathOf(
  { bucket, prefix, forcePathStyle }: Pick<S3Settings, 'bucket' | 'prefix' | 'forcePathStyle'>,
  key: string
): string {
  const segments = [...(forcePathStyle ? [bucket] : []), ...`${prefix}${key}`.split('/')];
  return `/${segments.map(escaped).join('/')}`;
}

const queryText = (query: Record<string, string | string[] | null | undefined>): string =>
  Object.entries(query)
    .map(([name, value]) => `${escaped(name)}=${escaped(String(value ?? ''))}`)
    .join('&');

/** `encodeURIComponent` leaves five characters that the signature escapes. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    each => `%${each.charCodeAt(0).toString(16).toUpperCase()}`
  );
