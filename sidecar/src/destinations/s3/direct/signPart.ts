import type { S3 } from '@aws-sdk/client-s3';
import type { DirectPart, SignedRequest } from '../../direct.ts';
import type { S3Settings } from '../settings.ts';
import { serverOf } from '../settings.ts';

/** How long a signed request may wait before it begins. A part that is slow is not cut off. */
const EXPIRES_S = 300;

/**
 * Signs the request that stores one part (AWS Signature Version 4 in the query). Size and SHA-256 are signed headers, so that
 * the server takes these bytes and no others. They are not moved into the query, where other servers than Amazon's ignore
 * them.
 * @param now by the clock of this process; what the SDK knows of the server's clock is added
 */
export async function signPart(
  s3: S3,
  settings: S3Settings,
  { key, uploadId }: { key: string; uploadId: string },
  { number, bytes, sha256 }: DirectPart,
  now: Date
): Promise<Omit<SignedRequest, 'addresses'>> {
  const { SignatureV4 } = await import('../sdk.ts');
  const { host, port, isTls } = serverOf(settings);
  const { config } = s3;
  const signer = new SignatureV4({
    service: 's3',
    region: settings.region,
    credentials: settings,
    sha256: config.sha256,
    uriEscapePath: false,
  });
  const isUsual = port === (isTls ? 443 : 80);
  const headers = {
    host: isUsual ? host : `${host}:${port}`,
    'content-length': `${bytes}`,
    [CHECKSUM]: sha256,
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
  };
  const path = pathOf(settings, key);
  const signed = await signer.presign(
    {
      ...{ method: 'PUT', protocol: isTls ? 'https:' : 'http:', hostname: host, path, headers },
      query: { partNumber: `${number}`, uploadId },
    },
    {
      expiresIn: EXPIRES_S,
      signingDate: new Date(now.getTime() + config.systemClockOffset),
      unhoistableHeaders: new Set([CHECKSUM]),
    }
  );
  return { path: `${path}?${queryText(signed.query ?? {})}`, headers: signed.headers };
}

const CHECKSUM = 'x-amz-checksum-sha256';

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
