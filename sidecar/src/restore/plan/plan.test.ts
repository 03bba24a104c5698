import { describe, expect, it } from 'vitest';
import type { PlanCheck, StartRestore } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { refusal } from './checks.ts';
import { planOf } from './plan.ts';
import type { PlanFacts } from './planFacts.ts';
import { missingSource } from './plannedSource.ts';

const GI = 2 ** 30;
const request: StartRestore = {
  backup: '01a',
  target: { namespace: 'shop', name: 'orders-db', mode: 'new' },
  scale: false,
  safetyBackup: true,
};
const into = (mode: StartRestore['target']['mode'], more: Partial<StartRestore> = {}) => ({
  request: { ...request, ...more, target: { ...request.target, mode } },
});
const no = (reason: string): { fails: StageError } => ({ fails: refusal(reason, 'no', 'hint') });

/** A restore into a new claim to which nothing is opposed. */
const sound: PlanFacts = {
  request,
  source: {
    found: { is: {} as never },
    shown: {
      backup: '01a',
      archive: 'a.tar.gz',
      namespace: 'shop',
      name: 'orders-db',
      createdAt: null,
      hasManifest: true,
      bytes: 100,
      rawBytes: GI / 2,
      files: 3,
    },
    neededBytes: GI / 2,
  },
  digest: { is: true },
  selected: { is: null },
  namespace: { name: 'shop', uid: 'n', createdAt: '' },
  rights: { is: true },
  claim: undefined,
  pods: [],
  wish: {
    size: '1Gi',
    storageClass: 'fast',
    accessModes: ['ReadWriteOnce'],
    labels: {},
    annotations: {},
  },
  classes: [{ name: 'fast', isDefault: true, waitsForFirstConsumer: true }],
  limits: { quotas: [], ranges: [] },
  creation: { is: true },
  look: { is: null },
  workloads: { is: [] },
  safety: { is: true },
};
const deepManifest = { seal: { omitted: { longPaths: 2 } } };
const deep = { ...sound.source, found: { is: { manifest: deepManifest } as never } };
const claim = testClaim({ capacityBytes: GI });
const there = { claim, look: { is: { isEmpty: true, freeBytes: GI, files: null } } };
const full = { claim, look: { is: { isEmpty: false, freeBytes: GI / 4, files: null } } };
const pod = { name: 'orders-0', phase: 'Running', node: 'node-a' };

const states = (facts: Partial<PlanFacts>): Record<string, PlanCheck['state']> =>
  Object.fromEntries(planOf({ ...sound, ...facts }).checks.map(({ name, state }) => [name, state]));

describe('the plan of a restore', () => {
  it('into a new claim', () => {
    const plan = planOf(sound);
    expect(plan).toMatchObject({
      canStart: true,
      claim: { action: 'create', size: '1Gi', storageClass: 'fast' },
      neededBytes: GI / 2,
      availableBytes: GI,
      files: null,
    });
    expect(states({})).toEqual({
      archive: 'passes',
      digest: 'passes',
      namespace: 'passes',
      rights: 'passes',
      claim: 'passes',
      class: 'passes',
      quota: 'passes',
      'in-use': 'passes',
      space: 'passes',
    });
  });

  it('into a namespace that admits no root', () => {
    const plan = planOf({ ...sound, isRestricted: true });
    expect(plan.canStart).toBe(false);
    expect(plan.checks.find(({ name }) => name === 'namespace')).toMatchObject({
      ...{ state: 'fails', reason: 'PodSecurity' },
      hint: expect.stringContaining('enforce=baseline; or restore into another namespace'),
    });
  });

  it('into an existing claim', () => {
    expect(planOf({ ...sound, ...into('empty'), ...there })).toMatchObject({
      canStart: true,
      claim: { action: 'change', storageClass: 'fast', size: `${GI}` },
    });
    expect(states({ ...into('empty'), ...there })).toMatchObject({
      'safety-backup': 'passes',
      empty: 'passes',
    });
    expect(states({ ...into('mirror', { safetyBackup: false }), ...full })).toMatchObject({
      space: 'warns',
    });
    expect(states({ ...into('mirror', { safetyBackup: false }), ...full })).not.toHaveProperty(
      'safety-backup'
    );
  });

  it('of paths that are restored only into an empty volume, into one', () => {
    expect(states({ ...into('new'), source: deep })).toMatchObject({ archive: 'passes' });
    expect(states({ ...into('mirror', { paths: ['a'] }), ...full, source: deep })).toMatchObject({
      archive: 'passes',
    });
  });

  it.each<[string, Partial<PlanFacts>, string, string]>([
    [
      'archive',
      { source: missingSource('01a', no('ArchiveMissing').fails) },
      'archive',
      'ArchiveMissing',
    ],
    [
      'paths that are restored only into an empty volume',
      { ...into('mirror'), ...full, source: deep },
      'archive',
      'ArchiveUnsupported',
    ],
    ['digest', { digest: no('ArchiveDiffers') }, 'digest', 'ArchiveDiffers'],
    [
      'paths',
      { ...into('new', { paths: ['x'] }), selected: no('PathNotInArchive') },
      'paths',
      'PathNotInArchive',
    ],
    ['no namespace', { namespace: undefined }, 'namespace', 'NamespaceNotFound'],
    [
      'a namespace on its way out',
      { namespace: { name: 'shop', uid: 'n', createdAt: '', terminating: true } },
      'namespace',
      'NamespaceTerminating',
    ],
    ['a missing right', { rights: no('RestoresNotAllowed') }, 'rights', 'RestoresNotAllowed'],
    ['a claim of that name', { claim }, 'claim', 'ClaimExists'],
    [
      'a claim of that name on its way out',
      { claim: { ...claim, terminating: true } },
      'claim',
      'ClaimTerminating',
    ],
    ['no size', { wish: { ...sound.wish, size: null } }, 'claim', 'SizeUnknown'],
    ['no claim', into('empty'), 'claim', 'ClaimNotFound'],
    [
      'a claim that is being deleted',
      { ...into('empty'), claim: { ...claim, terminating: true } },
      'claim',
      'ClaimTerminating',
    ],
    [
      'a block device',
      { ...into('empty'), claim: { ...claim, volumeMode: 'Block' } },
      'claim',
      'BlockVolume',
    ],
    [
      'a class that is not there',
      { wish: { ...sound.wish, storageClass: 'slow' } },
      'class',
      'StorageClassNotFound',
    ],
    ['what the API server says', { creation: no('ClaimDenied') }, 'quota', 'ClaimDenied'],
    [
      'a quota',
      {
        limits: {
          quotas: [{ quota: 'q', resource: 'requests.storage', hard: '1Gi', used: '1Gi' }],
          ranges: [],
        },
      },
      'quota',
      'QuotaExceeded',
    ],
    ['pods', { ...into('empty'), ...there, pods: [pod] }, 'in-use', 'ClaimInUse'],
    ['pods that wait for the new claim', { pods: [pod] }, 'in-use', 'ClaimInUse'],
    [
      'a workload that cannot be stopped',
      {
        ...into('overwrite', { scale: true }),
        ...there,
        pods: [pod],
        workloads: {
          is: [
            {
              kind: 'DaemonSet',
              name: 'd',
              replicas: null,
              action: 'none',
              obstacle: 'it cannot be scaled',
            },
          ],
        },
      },
      'in-use',
      'WorkloadNotStoppable',
    ],
    [
      'a safety backup that cannot be made',
      { ...into('overwrite'), ...there, safety: no('NamespaceNotOpen') },
      'safety-backup',
      'NamespaceNotOpen',
    ],
    [
      'files in the claim',
      { ...into('empty'), claim, look: { is: { isEmpty: false, freeBytes: GI, files: null } } },
      'empty',
      'ClaimNotEmpty',
    ],
    [
      'a size below the need',
      { wish: { ...sound.wish, size: '100Mi' } },
      'space',
      'TargetTooSmall',
    ],
    [
      'less free space than needed',
      { ...into('empty'), claim, look: { is: { isEmpty: true, freeBytes: 1000, files: null } } },
      'space',
      'TargetTooSmall',
    ],
    [
      'a smaller volume than needed',
      { ...into('mirror'), ...full, source: { ...sound.source, neededBytes: 2 * GI } },
      'space',
      'TargetTooSmall',
    ],
  ])('does not start because of %s', (_, facts, name, reason) => {
    const plan = planOf({ ...sound, ...facts });
    expect(plan.canStart).toBe(false);
    expect(plan.checks.filter(({ state }) => state === 'fails')).toEqual([
      expect.objectContaining({ name, reason, hint: expect.stringMatching(/./) }),
    ]);
  });

  it.each<[string, Partial<PlanFacts>, string, PlanCheck['state']]>([
    [
      'the archive has no manifest',
      { source: { ...sound.source, shown: { ...sound.source.shown, hasManifest: false } } },
      'archive',
      'warns',
    ],
    ['nothing says what the digest is', { digest: { is: false } }, 'digest', 'warns'],
    ['the archive is too big to be read now', { digest: { later: 'x' } }, 'digest', 'later'],
    [
      'the default class is taken',
      { wish: { ...sound.wish, storageClass: undefined } },
      'class',
      'passes',
    ],
    [
      'there is no default class',
      { wish: { ...sound.wish, storageClass: undefined }, classes: [] },
      'class',
      'warns',
    ],
    ['the API server did not say', { creation: { later: 'x' } }, 'quota', 'later'],
    [
      'somebody may start the workload again',
      {
        ...into('overwrite', { scale: true }),
        ...there,
        pods: [pod],
        workloads: {
          is: [
            { kind: 'Deployment', name: 'd', replicas: 2, action: 'scale', obstacle: 'Argo CD' },
          ],
        },
      },
      'in-use',
      'warns',
    ],
    [
      'nothing says how much it unpacks to',
      { source: { ...sound.source, neededBytes: null } },
      'space',
      'later',
    ],
    [
      'nobody could look into the claim',
      { ...into('empty'), claim, look: { later: 'x' } },
      'empty',
      'later',
    ],
  ])('may start where %s', (_, facts, name, state) => {
    expect(planOf({ ...sound, ...facts }).canStart).toBe(true);
    expect(states(facts)[name]).toBe(state);
  });

  it('needs for some files what they take', () => {
    const some = into('new', { paths: ['a'] });
    const plan = planOf({ ...sound, ...some, selected: { is: { entries: 2, bytes: 7 } } });
    expect(plan).toMatchObject({ neededBytes: 7, selected: { entries: 2, bytes: 7 } });
  });
});
