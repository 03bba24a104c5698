import { describe, expect, it } from 'vitest';
import { resticError } from './resticErrors.ts';
import { locationOf, ResticSettings, serverOf } from './settings.ts';
import { snapshotsIn } from './snapshots.ts';

describe('settings', () => {
  const s3 = {
    repository: 's3:https://h:9000/bucket/prefix',
    password: 'p',
    accessKeyId: 'a',
    secretAccessKey: 's',
  };

  it.each([
    [{ repository: '/mnt/repository/', password: 'p' }, '/mnt/repository/', undefined],
    [s3, s3.repository, { host: 'h', port: 9000, isTls: true }],
    [
      { ...s3, repository: 's3:http://h/b' },
      's3:http://h/b',
      { host: 'h', port: 80, isTls: false },
    ],
  ])('%j are taken', (data, location, server) => {
    const settings = ResticSettings.parse(data);
    expect(locationOf(settings)).toBe(location);
    expect(serverOf(settings)).toEqual(server);
  });

  it.each([
    ['no password', { repository: '/r' }, /password/],
    ['a relative path', { repository: 'r', password: 'p' }, /takes \/PATH or s3:/],
    [
      'a login in the URL',
      { ...s3, repository: 's3:https://u:hunter2@h/b' },
      /takes \/PATH or s3:/,
    ],
    ['no bucket', { ...s3, repository: 's3:https://h' }, /takes \/PATH or s3:/],
    ['another backend', { repository: 'rclone:x:y', password: 'p' }, /takes \/PATH or s3:/],
    [
      'no keys of S3',
      { repository: s3.repository, password: 'p' },
      /accessKeyId.*secretAccessKey/s,
    ],
    ['an option', { repository: '--help', password: 'p' }, /takes \/PATH or s3:/],
  ])('%s is refused', (_, data, message) => {
    const { error } = ResticSettings.safeParse(data);
    expect(error?.message).toMatch(message);
    expect(error?.message).not.toContain('hunter2');
  });
});

it.each([
  [10, 'RepositoryMissing', 'needs-action'],
  [11, 'RepositoryLocked', 'transient'],
  [12, 'LoginRefused', 'needs-action'],
  [1, 'ResticFailed', 'unknown'],
  [null, 'ResticFailed', 'unknown'],
])('exit code %s of restic is %s', (code, reason, failureClass) => {
  const said = 'noise\n{"message_type":"exit_error","code":1,"message":"Fatal: no space left"}\n';
  const error = resticError({ stage: 'copy', place: '/r', code, killedBy: null, said });
  expect(error).toMatchObject({ stage: 'copy', reason, class: failureClass });
  if (reason === 'ResticFailed') expect(error.message).toMatch(/noise; Fatal: no space left$/);
});

describe('the list of snapshots', () => {
  const snapshot = (id: string, time: string, path: string, bytes: number | undefined = 1) => ({
    id: id.repeat(64),
    time,
    paths: [path],
    ...(bytes !== undefined && { summary: { total_bytes_processed: bytes } }),
  });

  it('has the earliest of those that have one name, whatever their order', () => {
    const [first, second] = [
      snapshot('b', '2026-11-20T10:00:00.5Z', '/k'),
      snapshot('a', '2026-11-20T12:00:00.4+01:00', '/k'),
    ];
    for (const all of [
      [first, second],
      [second, first],
    ])
      expect(snapshotsIn(JSON.stringify(all), '/r').get('k')?.id[0]).toBe('b');
  });

  it('leaves out what is not one file of ours', () => {
    const others = [
      { ...snapshot('a', '2026-11-20T10:00:00Z', '/x'), paths: ['/x', '/y'] },
      snapshot('b', '2026-11-20T10:00:00Z', '/home/me'),
      { ...snapshot('c', '2026-11-20T10:00:00Z', '/z'), summary: undefined },
    ];
    expect(snapshotsIn(JSON.stringify(others), '/r').size).toBe(0);
    expect(snapshotsIn('null', '/r').size).toBe(0);
  });

  it.each(['', '[{"id":', '{}'])('concludes nothing from %j', text => {
    expect(() => snapshotsIn(text, '/r')).toThrow(
      expect.objectContaining({ reason: 'ResticFailed' })
    );
  });
});
