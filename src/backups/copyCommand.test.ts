import { expect, it } from 'vitest';
import { copyCommand } from './copyCommand';

it.each([
  [
    '/backups/main__shop__a.b-c__20261120T100000Z__01jd5.tar.gz',
    'kubectl exec -n nkvm deploy/nkvm -- cat /backups/main__shop__a.b-c__20261120T100000Z__01jd5.tar.gz > ' +
      'main__shop__a.b-c__20261120T100000Z__01jd5.tar.gz',
  ],
  ['/back ups/$(reboot).tar.gz', undefined],
  ['s3://bucket/a.tar.gz', undefined],
])('the command that copies %s out of the pod', (archive, command) => {
  expect(copyCommand(archive)).toBe(command);
});
