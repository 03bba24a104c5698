import { expect, it } from 'vitest';
import type { Backup } from '../../../sidecar/api';
import { aBackup, aFailed, aRunning } from '../../testing/samples';
import { type ArchiveState, archiveStateOf } from './archiveState';

const [copy] = aBackup().copies as [Backup['copies'][number]];
const withCopies = (...differs: Partial<typeof copy>[]): Backup =>
  aBackup({ copies: differs.map(each => ({ ...copy, ...each })) });

it.each<[string, Backup, ArchiveState['kind'], string?]>([
  ['proven by its checksum', aBackup(), 'proven', 'checksum'],
  [
    'proven by its contents',
    withCopies({ proof: { level: 'contents', readFrom: 'cache' } }),
    'proven',
    'contents',
  ],
  ['proven before proofs were recorded', withCopies({ proof: null }), 'proven', 'unknown'],
  ['there as long as one copy is', withCopies({ state: 'missing' }, {}), 'proven', 'checksum'],
  ['missing where it should be', withCopies({ state: 'deleted' }, { state: 'missing' }), 'missing'],
  ['deleted', withCopies({ state: 'deleted' }), 'deleted'],
  ['proven at one of two places', { ...aFailed(), copies: withCopies({}).copies }, 'proven'],
  ['not there of a failed run', aFailed(), 'none'],
  ['not there of a run that goes on', aRunning(), 'none'],
])('an archive is %s', (_, backup, kind, how) => {
  expect(archiveStateOf(backup)).toMatchObject({ kind, ...(how && { how }) });
});
