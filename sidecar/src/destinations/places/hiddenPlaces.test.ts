import { describe, expect, it } from 'vitest';
import { hidePlaces } from './hiddenPlaces.ts';

const hide = hidePlaces([
  { name: 'local', location: '/var/lib/nkvm/backups' },
  { name: 'nas', location: 'sftp://backup@nas.example.com:2222/archives' },
  { name: 'old', location: 'backup@10.0.0.7:dir (port 24)' },
  { name: 'six', location: 'ftps://me@[fd00::7]:21//x with TLS' },
  { name: 'minio', location: 's3://backups/a/ at http://minio:9000' },
  { name: 'aws', location: 's3://corp-archive in eu-central-1' },
]);

describe('a text for callers who may not know where destinations are', () => {
  it.each([
    [
      'destination nas: nothing listens at nas.example.com:2222',
      'destination nas: nothing listens at …',
    ],
    ['destination nas: there is no host nas.example.com', 'destination nas: there is no host …'],
    [
      'archive sftp://backup@nas.example.com:2222/archives/a.tar.gz is not there',
      'archive …/a.tar.gz is not there',
    ],
    ['no route to 10.0.0.7:24 (EHOSTUNREACH)', 'no route to … (EHOSTUNREACH)'],
    ['the connection to [fd00::7]:21 broke', 'the connection to … broke'],
    ['nothing listens at minio:9000', 'nothing listens at …'],
    ['there is no bucket backups at minio', 'there is no bucket … at …'],
    ['archive s3://backups/a/x.tar.gz is not there', 'archive …/x.tar.gz is not there'],
    ['there is no host corp-archive.s3.eu-central-1.amazonaws.com', 'there is no host …'],
  ])('has no address: %s', (text, expected) => expect(hide(text)).toBe(expected));

  it.each([
    'claim shop/minio has no backups; destination minio is paused',
    'start the backup again, or see host-nas and minio-0',
    '/var/lib/nkvm/backups is full',
  ])('is left alone without one: %s', text => expect(hide(text)).toBe(text));
});
