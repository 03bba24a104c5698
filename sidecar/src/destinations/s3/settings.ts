import { z } from 'zod';
import { CaBundle, Insecure } from '../trust/tls.ts';

const trimmed = z.string().trim().min(1, { error: 'is empty' });
const flag = z
  .enum(['true', 'false'], { error: 'takes true or false' })
  .transform(text => text === 'true');

const Endpoint = z
  .string()
  .trim()
  .refine(isOrigin, { error: 'takes https://HOST or https://HOST:PORT, and nothing after that' })
  .transform(text => new URL(text).origin);

const Bucket = z
  .string()
  .trim()
  .regex(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i, { error: 'is not a name of a bucket' });

/** `nkvm`, `/nkvm/`, `a/b`; S3 has no directories, so that a slash at its end is what separates it from the keys. */
const Prefix = z
  .string()
  .trim()
  .max(500, { error: 'is longer than 500 characters' })
  .transform(text => text.replace(/^\/+|\/+$/g, ''))
  .refine(text => !/\p{Cc}|\\/u.test(text) && !text.split('/').some(isBadSegment), {
    error: 'takes names with / between them, without . and .. and empty ones',
  })
  .transform(text => (text === '' ? '' : `${text}/`));

const Base64Key = z
  .string()
  .trim()
  .refine(text => Buffer.from(text, 'base64').length === 32 && /^[A-Za-z0-9+/]+=$/.test(text), {
    error: 'takes 32 bytes in base64, as openssl rand -base64 32 writes them',
  });

/** The data of a Secret of kind `s3`, all text. */
const Data = z.strictObject({
  endpoint: Endpoint.optional(),
  region: trimmed.regex(/^[\w.-]+$/, { error: 'is not a name of a region' }).default('us-east-1'),
  bucket: Bucket,
  prefix: Prefix.default(''),
  accessKeyId: trimmed,
  secretAccessKey: trimmed,
  forcePathStyle: flag.optional(),
  caBundle: CaBundle.optional(),
  insecure: Insecure.default(false),
  storageClass: trimmed.regex(/^[\w-]+$/, { error: 'is not a name of a storage class' }).optional(),
  serverSideEncryption: z
    .enum(['AES256', 'aws:kms', 'aws:kms:dsse', 'customer'], {
      error: 'takes AES256, aws:kms, aws:kms:dsse or customer',
    })
    .optional(),
  kmsKeyId: trimmed.optional(),
  customerKey: Base64Key.optional(),
  objectLockMode: z
    .enum(['GOVERNANCE', 'COMPLIANCE'], { error: 'takes GOVERNANCE or COMPLIANCE' })
    .optional(),
  objectLockDays: z
    .string()
    .trim()
    .regex(/^[1-9]\d{0,4}$/, { error: 'takes a number of days, at least 1' })
    .transform(Number)
    .optional(),
  checksum: z
    .enum(['auto', 'required', 'none'], { error: 'takes auto, required or none' })
    .default('auto'),
});

/** Settings of an S3 destination. */
export const S3Settings = Data.superRefine((data, context) => {
  const refuse = (key: string, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message });
  const isKms = data.serverSideEncryption?.startsWith('aws:kms') ?? false;
  if (data.kmsKeyId && !isKms) refuse('kmsKeyId', 'needs serverSideEncryption aws:kms');
  if ((data.serverSideEncryption === 'customer') !== (data.customerKey !== undefined))
    refuse('customerKey', 'and serverSideEncryption customer belong together');
  if ((data.objectLockMode === undefined) !== (data.objectLockDays === undefined))
    refuse('objectLockDays', 'and objectLockMode belong together');
  if (data.customerKey !== undefined && data.endpoint?.startsWith('http:'))
    refuse('customerKey', 'is sent with every request and needs an endpoint with https');
}).transform(data => ({
  ...data,
  // Other servers than Amazon's rarely have a DNS name for each bucket.
  forcePathStyle: data.forcePathStyle ?? data.endpoint !== undefined,
}));
export type S3Settings = z.infer<typeof S3Settings>;

/** @returns `s3://bucket/prefix at https://host`, or the region where Amazon's endpoint is used. */
export const locationOf = ({ bucket, prefix, endpoint, region }: S3Settings): string =>
  `s3://${bucket}/${prefix}`.replace(/\/$/, '') + (endpoint ? ` at ${endpoint}` : ` in ${region}`);

/** @returns host and port that connections go to. */
export function serverOf({ endpoint, region, bucket, forcePathStyle }: S3Settings): {
  host: string;
  port: number;
  isTls: boolean;
} {
  const url = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  const isTls = url.protocol === 'https:';
  const host = forcePathStyle ? url.hostname : `${bucket}.${url.hostname}`;
  return { host, port: Number(url.port) || (isTls ? 443 : 80), isTls };
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, pathname, search, hash } = new URL(text);
  const rest = username + password + pathname + search + hash;
  return ['http:', 'https:'].includes(protocol) && rest === '/';
}

const isBadSegment = (segment: string, _: number, all: string[]): boolean =>
  segment === '.' || segment === '..' || (segment === '' && all.length > 1);
