import { expect, it } from 'vitest';
import { decide } from './decide.ts';
import type { Candidate, Decision } from './decision.ts';
import type { FoundArchive, PlaceAnswer, PopulateFacts } from './facts.ts';

const GI = 1024 ** 3;
const ID = '01k9a2b3c4d5e6f7g8h9jkmnp';
const [A, B, C] = [`${ID}a`, `${ID}b`, `${ID}c`];
const NOW = new Date('2026-11-27T12:00:00.000Z');
const OUT = {
  reason: 'DestinationTimedOut',
  message: 'no answer',
  hint: 'look',
  cause: 'transient',
};

const candidate = (backup: string, change: Partial<Candidate> = {}): Candidate => ({
  ...{ source: backup, backup, destination: 'east', key: `k-${backup}` },
  createdAt: `2026-11-2${1 + [A, B, C].indexOf(backup)}T00:00:00.000Z`,
  ...{
    cluster: 'prod',
    clusterUid: 'us',
    neededBytes: GI,
    proof: 'checksum',
    isSafety: false,
    ...change,
  },
});
/** An archive of this cluster. */
const archive = (
  backup: string,
  state: FoundArchive['state']['is'] = 'good',
  change: Partial<FoundArchive> = {},
  of: Partial<Candidate> = {}
): FoundArchive => {
  const as = candidate(backup, of);
  const says = { why: `it is ${state}`, hint: 'a hint' };
  return {
    ...{ backup, destination: as.destination, key: as.key, createdAt: as.createdAt },
    cluster: 'own',
    state: { is: state, candidate: as, ...says } as FoundArchive['state'],
    ...change,
  };
};
const ofOld = (backup: string, clusterUid = 'old', cluster = 'prod-1') =>
  archive(backup, 'good', { cluster: 'continued' }, { clusterUid, cluster });
const ofOther = (backup: string) =>
  archive(backup, 'good', { cluster: 'other' }, { clusterUid: 'x', cluster: 'dev' });

const east = (...archives: FoundArchive[]): PlaceAnswer => ({ name: 'east', archives });
const west = (...archives: FoundArchive[]): PlaceAnswer => ({ name: 'west', archives });
const away = (name: string, problem: Partial<typeof OUT> = {}): PlaceAnswer => ({
  name,
  problem: { ...OUT, ...problem },
});
const known = (backup: string, destinations = ['east'], isRecorded = true) => ({
  ...{ backup, createdAt: candidate(backup).createdAt, destinations, isRecorded },
});
const failed = (backup: string, reason: string, at = '2026-11-27T11:59:55.000Z', attempts = 1) => [
  { backup, reason, at, attempts, message: 'it broke' },
];

const SOUND: PopulateFacts = {
  claim: {
    ...{ namespace: 'shop', name: 'db', phase: 'Pending', terminating: false },
    ...{ volumeMode: 'Filesystem', requestedBytes: 2 * GI, policyNotes: undefined },
    dataSource: { apiGroup: 'nkvm.io', kind: 'BackupRestore', name: 'db', namespace: null },
  },
  namespace: 'active',
  clusterUid: 'us',
  continues: undefined,
  isHistoryReady: true,
  places: [east(archive(A), archive(B))],
  expected: [known(B), known(A)],
  failed: [],
  now: NOW,
};
const claim = (change: Partial<PopulateFacts['claim']>) => ({
  claim: { ...SOUND.claim, ...change },
});
const start = (value: string) => claim({ policyNotes: { 'nkvm.io/start': value } });
const source = (change: object) =>
  claim({
    dataSource: {
      ...{ apiGroup: 'nkvm.io', kind: 'BackupRestore', name: 'db', namespace: null },
      ...change,
    },
  });
/** Nothing is known of any backup. */
const NEW = { places: [east()], expected: [] };
const OLD = { uid: 'old', name: 'prod-1', isSeen: true };

/** @returns e.g. `restore …b`, `wait BackupsNotListed`. */
const short = (decision: Decision): string => {
  if (decision.kind === 'restore')
    return `restore ${decision.candidate.backup.at(-1) ?? ''} at ${decision.candidate.destination}`;
  if (decision.kind === 'empty') return `empty ${decision.startedEmpty}`;
  return `${decision.kind} ${decision.reason}`;
};

it.each<[string, Partial<PopulateFacts>, string]>([
  // --- it may not ---
  [
    'restores nothing into a namespace that a selector does not choose',
    { isSelected: false },
    'ask NamespaceNotSelected',
  ],
  [
    'starts no claim empty in such a namespace, whatever it says',
    { ...start('empty'), isSelected: false },
    'ask NamespaceNotSelected',
  ],
  [
    'waits where it is not known whether it may use the namespace',
    { isSelected: 'unknown' },
    'wait NamespaceNotChecked',
  ],
  // --- there is one ---
  ['restores the newest good backup', {}, 'restore b at east'],
  [
    'restores from any destination that has it',
    { places: [east(archive(A)), west(archive(B, 'good', {}, { destination: 'west' }))] },
    'restore b at west',
  ],
  [
    'takes the good copy of a backup whose other copy is broken',
    {
      places: [east(archive(B, 'broken')), west(archive(B, 'good', {}, { destination: 'west' }))],
    },
    'restore b at west',
  ],
  ['does not need the history to know it', { expected: [] }, 'restore b at east'],
  [
    'does not take a backup that a wrong clock made for the newest',
    {
      places: [east(archive(A), archive(B, 'good', { createdAt: '2099-01-01T00:00:00.000Z' }))],
      expected: [],
    },
    'restore a at east',
  ],
  [
    'asks where the newest was made before a restore',
    { places: [east(archive(A), archive(B, 'good', {}, { isSafety: true }))] },
    'ask SafetyBackupNewest',
  ],
  [
    'also where the other one is locked',
    { places: [east(archive(A, 'locked'), archive(B, 'good', {}, { isSafety: true }))] },
    'ask SafetyBackupNewest',
  ],
  [
    'restores one that was made before a restore where there is no other',
    { places: [east(archive(B, 'good', {}, { isSafety: true }))] },
    'restore b at east',
  ],
  [
    'restores a later backup than that one',
    { places: [east(archive(A, 'good', {}, { isSafety: true }), archive(B))] },
    'restore b at east',
  ],
  [
    'restores one that was made before a restore where a person wants the newest',
    {
      ...start('newest'),
      places: [east(archive(A), archive(B, 'good', {}, { isSafety: true }))],
    },
    'restore b at east',
  ],
  // --- there is none ---
  ['starts empty where every destination says that there is none', NEW, 'empty none-found'],
  ['and where there are two of them', { ...NEW, places: [east(), west()] }, 'empty none-found'],
  ['also for a block device', { ...NEW, ...claim({ volumeMode: 'Block' }) }, 'empty none-found'],
  ['waits without any destination', { ...NEW, places: [] }, 'wait NoDestination'],
  [
    'also where a person has named a backup',
    { ...NEW, isHistoryReady: false, places: [], ...start(A) },
    'wait HistoryNotReady',
  ],
  ['waits for the history', { ...NEW, isHistoryReady: false }, 'wait HistoryNotReady'],
  // --- it could not be determined ---
  [
    'waits for a destination that is unreachable',
    { ...NEW, places: [away('east')] },
    'wait BackupsNotListed',
  ],
  [
    'waits for one that denies the listing',
    { ...NEW, places: [east(), away('west', { reason: 'AccessDenied', cause: 'needs-action' })] },
    'wait BackupsNotListed',
  ],
  [
    'waits for one whose listing was cut, though another has an older backup',
    {
      places: [east(archive(A)), away('west', { reason: 'ListingCut' })],
      expected: [known(B, ['west']), known(A)],
    },
    'wait BackupsNotListed',
  ],
  [
    'waits for one that may have a newer one, because the history was rebuilt',
    { places: [east(archive(B)), away('west')], expected: [known(B, ['east'], false)] },
    'wait BackupsNotListed',
  ],
  [
    'waits for one that may have a newer one, because the history does not know the one that was found',
    { places: [east(archive(B)), away('west')], expected: [known(A)] },
    'wait BackupsNotListed',
  ],
  [
    'restores while another destination is away, where the history says that it has none that is newer',
    { places: [east(archive(B)), away('west')], expected: [known(B), known(A, ['west'])] },
    'restore b at east',
  ],
  [
    'waits where the history says that the newest is at the one that is away',
    { places: [east(archive(A)), away('west')], expected: [known(B, ['west']), known(A)] },
    'wait BackupsNotListed',
  ],
  [
    'waits for a manifest that the destination did not give',
    { places: [east(archive(A), archive(B, 'unlooked'))] },
    'wait BackupsNotListed',
  ],
  // --- a listing that does not have what the history has ---
  [
    'asks where the newest backup is not there any more',
    { places: [east(archive(A))] },
    'ask BackupNotThere',
  ],
  [
    'asks where none is there any more: the listing is suspiciously short',
    { places: [east()] },
    'ask BackupNotThere',
  ],
  [
    'asks where the newest is at a destination that is not configured any more',
    { places: [east(archive(A))], expected: [known(B, ['gone']), known(A)] },
    'ask BackupNotThere',
  ],
  [
    'takes an older one after a person has asked for the newest that is there',
    { places: [east(archive(A))], ...start('newest') },
    'restore a at east',
  ],
  // --- it is not good ---
  [
    'restores an older good one where the newest is broken',
    { places: [east(archive(A), archive(B, 'broken'))] },
    'restore a at east',
  ],
  [
    'restores an older good one where the manifest of the newest makes no sense',
    { places: [east(archive(A), archive(B, 'unreadable', { cluster: 'perhaps' }))] },
    'restore a at east',
  ],
  [
    'takes no notice of a newer backup that was not finished',
    { places: [east(archive(B), archive(C, 'unproven', { cluster: 'perhaps' }))] },
    'restore b at east',
  ],
  [
    'asks where none of them is good',
    { places: [east(archive(A, 'broken'), archive(B, 'broken'))] },
    'ask NoGoodBackup',
  ],
  [
    'asks where there is only one without a manifest',
    { places: [east(archive(A, 'unproven', { cluster: 'perhaps' }))], expected: [] },
    'ask NoGoodBackup',
  ],
  [
    'asks where the newest is locked, though an older one is not',
    { places: [east(archive(A), archive(B, 'locked'))] },
    'ask ArchiveLocked',
  ],
  [
    'asks where a later version wrote the newest',
    { places: [east(archive(A), archive(B, 'too-new', { cluster: 'perhaps' }))] },
    'ask ManifestTooNew',
  ],
  // --- its first restore has failed ---
  [
    'tries again after a pause where its first restore has failed',
    { failed: failed(B, 'ConnectionBroke') },
    'wait FirstRestoreFailed',
  ],
  [
    'and tries again after it',
    { failed: failed(B, 'ConnectionBroke', '2026-11-27T11:59:00.000Z') },
    'restore b at east',
  ],
  [
    'and after a long one, however many have failed',
    { failed: failed(B, 'ConnectionBroke', '2026-11-27T11:50:00.000Z', 1000) },
    'restore b at east',
  ],
  [
    'restores an older one where two restores found that the archive is broken',
    { failed: failed(B, 'ArchiveDiffers', '2026-11-27T11:59:55.000Z', 2) },
    'restore a at east',
  ],
  [
    'tries that one again after one such restore: it may have been an accident',
    { failed: failed(B, 'ArchiveDiffers') },
    'wait FirstRestoreFailed',
  ],
  // --- the claim ---
  [
    'asks where the claim is smaller than its contents',
    claim({ requestedBytes: GI - 1 }),
    'ask TargetTooSmall',
  ],
  ['asks where the claim is a block device', claim({ volumeMode: 'Block' }), 'ask BlockVolume'],
  [
    'does not compare sizes that it does not know',
    claim({ requestedBytes: null }),
    'restore b at east',
  ],
  [
    'ignores a claim that is being deleted',
    claim({ terminating: true }),
    'ignore ClaimTerminating',
  ],
  [
    'ignores a claim whose namespace is being deleted',
    { namespace: 'terminating' },
    'ignore ClaimTerminating',
  ],
  ['ignores a claim that has a volume', claim({ phase: 'Bound' }), 'ignore ClaimHasVolume'],
  ['ignores a claim without a source', claim({ dataSource: undefined }), 'ignore RestoreNotAsked'],
  [
    'ignores a claim with a source of another kind',
    source({ kind: 'VolumeSnapshot' }),
    'ignore RestoreNotAsked',
  ],
  ['refuses a source of another name', source({ name: 'secrets' }), 'ask SourceOfAnotherName'],
  [
    'refuses a source in another namespace',
    source({ namespace: 'bank' }),
    'ask SourceOfAnotherName',
  ],
  [
    'refuses it also where the annotation says empty',
    {
      ...claim({
        dataSource: { apiGroup: 'nkvm.io', kind: 'BackupRestore', name: 'x', namespace: null },
        policyNotes: { 'nkvm.io/start': 'empty' },
      }),
    },
    'ask SourceOfAnotherName',
  ],
  // --- a person has decided ---
  ['starts empty where the annotation says so', start('empty'), 'empty decided'],
  [
    'and asks no destination for it',
    { ...start('empty'), places: [away('east')] },
    'empty decided',
  ],
  ['restores the backup that it names', start(A), 'restore a at east'],
  [
    'also while another destination is away',
    { ...start(A), places: [east(archive(A)), away('west')] },
    'restore a at east',
  ],
  [
    'also one of two clusters that disagree',
    { ...start(A), continues: [OLD], places: [east(ofOld(A), ofOld(B, 'older'))], expected: [] },
    'restore a at east',
  ],
  ['asks about a word that is not allowed', start('emtpy'), 'ask StartInvalid'],
  ['asks about a date', start('2026-02-31'), 'ask StartInvalid'],
  ['asks about an empty text', start(''), 'ask StartInvalid'],
  ['asks about a backup that is at no destination', start(C), 'ask StartNotFound'],
  [
    'waits for the destination that may have it',
    { ...start(C), places: [east(archive(A)), away('west')] },
    'wait BackupsNotListed',
  ],
  [
    'asks about a named backup that is broken',
    { ...start(A), places: [east(archive(A, 'broken'))] },
    'ask StartNotUsable',
  ],
  [
    'asks about a named backup that is locked',
    { ...start(A), places: [east(archive(A, 'locked'))] },
    'ask ArchiveLocked',
  ],
  [
    'waits for the manifest of a named backup',
    { ...start(A), places: [east(archive(A, 'unlooked', { cluster: 'perhaps' }))] },
    'wait BackupsNotListed',
  ],
  [
    'refuses a named backup of another cluster',
    { ...start(C), places: [east(ofOther(C))] },
    'ask BackupOfAnotherCluster',
  ],
  // --- other clusters ---
  [
    'asks where only another cluster has one',
    { ...NEW, places: [east(ofOther(A))] },
    'ask BackupOfAnotherCluster',
  ],
  [
    'starts empty there where a person said that this cluster continues none',
    { ...NEW, continues: 'none', places: [east(ofOther(A))] },
    'empty none-found',
  ],
  [
    'takes no notice of a newer one of another cluster',
    { places: [east(archive(B), ofOther(C))] },
    'restore b at east',
  ],
  [
    'restores one of a cluster that this one continues',
    { ...NEW, continues: [OLD], places: [east(ofOld(A))] },
    'restore a at east',
  ],
  [
    'waits where no destination has an archive of that cluster',
    { ...NEW, continues: [{ ...OLD, isSeen: false }] },
    'wait ContinuedClusterNotSeen',
  ],
  [
    'starts empty where that cluster has others, and none of this claim',
    { ...NEW, continues: [OLD] },
    'empty none-found',
  ],
  [
    'prefers a newer one of this cluster',
    { continues: [OLD], places: [east(ofOld(A), archive(B))], expected: [known(B)] },
    'restore b at east',
  ],
  [
    'asks where the cluster before has a newer one',
    { continues: [OLD], places: [east(archive(A), ofOld(B))], expected: [known(A)] },
    'ask ClustersDisagree',
  ],
  [
    'asks where two clusters before have one',
    { ...NEW, continues: [OLD], places: [east(ofOld(A), ofOld(B, 'older'))] },
    'ask ClustersDisagree',
  ],
  [
    'waits for a destination that is away where only the cluster before has one',
    { ...NEW, continues: [OLD], places: [east(ofOld(A)), away('west')] },
    'wait BackupsNotListed',
  ],
])('%s', (_, change, expected) => {
  const decision = decide({ ...SOUND, ...change });
  expect(short(decision)).toBe(expected);
  // A person reads which claim, what is wrong, and what to do.
  if (decision.kind === 'wait' || decision.kind === 'ask') {
    expect(decision.message).not.toBe('');
    expect(decision.hint).not.toBe('');
    expect(decision.retryMs).toBeGreaterThan(0);
  }
});

it('says which newer backups are passed over, and why', () => {
  const decision = decide({ ...SOUND, places: [east(archive(A), archive(B, 'broken'))] });
  expect(decision).toMatchObject({ passedOver: [{ backup: B, why: 'it is broken' }] });
  expect(decision.message).toBe(
    `backup ${A} of 2026-11-21T00:00:00.000Z at east is restored; newer backup ${B} is not: it is broken`
  );
});

it('names the setting that takes over another cluster, and not the UID of that cluster', () => {
  const decision = decide({ ...SOUND, ...NEW, places: [east(ofOther(A))] });
  expect(decision).toMatchObject({
    message: expect.stringContaining('dev'),
    hint: expect.stringContaining('NKVM_CONTINUES'),
    others: [{ clusterUid: 'x' }],
  });
  expect(JSON.stringify({ ...decision, others: [] })).not.toContain('dev=x');
});

it('never starts empty by itself where one destination did not answer, whatever else is known', () => {
  const states = ['good', 'broken', 'unreadable', 'too-new', 'unproven', 'locked'] as const;
  for (const continues of [undefined, 'none' as const, [OLD]])
    for (const state of states)
      for (const expected of [[], [known(B, ['west'])], [known(A), known(B, ['gone'])]]) {
        const places = [east(archive(A, state)), away('west')];
        const { kind } = decide({ ...SOUND, places, expected, continues });
        expect(kind).not.toBe('empty');
      }
});
