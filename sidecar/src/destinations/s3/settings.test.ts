import { describe, expect, it } from 'vitest';
import { s3 } from './kind.ts';
import { S3Settings, serverOf } from './settings.ts';

const least = { bucket: 'archives', accessKeyId: 'AKIA', secretAccessKey: 'very-secret' };

describe('settings of s3', () => {
  it('need a bucket and a key; the rest is Amazon', () => {
    const settings = S3Settings.parse(least);
    expect(s3.location(settings)).toBe('s3://archives in us-east-1');
    expect(serverOf(settings)).toEqual({
      host: 'archives.s3.us-east-1.amazonaws.com',
      port: 443,
      isTls: true,
    });
    expect(s3.isInsecure(settings)).toBe(false);
  });

  it('of another server take its endpoint, and buckets in the path', () => {
    const settings = S3Settings.parse({
      ...least,
      endpoint: 'http://minio.storage:9000/',
      prefix: '/nkvm/prod/',
      accessKeyId: 'AKIA\n',
    });
    expect(settings).toMatchObject({
      forcePathStyle: true,
      prefix: 'nkvm/prod/',
      accessKeyId: 'AKIA',
    });
    expect(s3.location(settings)).toBe('s3://archives/nkvm/prod at http://minio.storage:9000');
    expect(serverOf(settings)).toEqual({ host: 'minio.storage', port: 9000, isTls: false });
    expect(s3.isInsecure(settings)).toBe(true);
  });

  it('say that certificates are not checked', () => {
    expect(s3.isInsecure(S3Settings.parse({ ...least, insecure: 'true' }))).toBe(true);
  });

  it.each<[string, Record<string, string>]>([
    ['endpoint', { endpoint: 'minio.storage:9000' }],
    ['endpoint', { endpoint: 'https://user:very-secret@minio' }],
    ['endpoint', { endpoint: 'https://minio/bucket' }],
    ['endpoint', { endpoint: 'ftp://minio' }],
    ['bucket', { bucket: 'a/b' }],
    ['bucket', { bucket: '' }],
    ['prefix', { prefix: 'a/../b' }],
    ['prefix', { prefix: 'a//b' }],
    ['accessKeyId', { accessKeyId: ' ' }],
    ['forcePathStyle', { forcePathStyle: 'yes' }],
    ['insecure', { insecure: '1' }],
    ['caBundle', { caBundle: 'not a certificate' }],
    ['serverSideEncryption', { serverSideEncryption: 'AES128' }],
    ['kmsKeyId', { kmsKeyId: 'key' }],
    ['customerKey', { serverSideEncryption: 'customer' }],
    ['customerKey', { serverSideEncryption: 'customer', customerKey: 'very-secret' }],
    [
      'customerKey',
      {
        serverSideEncryption: 'customer',
        customerKey: Buffer.alloc(32).toString('base64'),
        endpoint: 'http://minio',
      },
    ],
    ['objectLockDays', { objectLockMode: 'GOVERNANCE' }],
    ['objectLockDays', { objectLockMode: 'GOVERNANCE', objectLockDays: '0' }],
    ['checksum', { checksum: 'md5' }],
    ['bukcet', { bukcet: 'archives' }],
  ])('refuse a wrong %s by its name, and show no value: %j', (key, wrong) => {
    const { success, error } = S3Settings.safeParse({ ...least, ...wrong });
    expect(success).toBe(false);
    expect(JSON.stringify(error?.issues)).toContain(key);
    expect(JSON.stringify(error?.issues)).not.toContain('very-secret');
  });
});
