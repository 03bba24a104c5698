import { expect, it } from 'vitest';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import { readConfig } from '../../config.ts';
import type { RestrictedMode } from './readsAs.ts';
import { isRestricted, readsAs } from './readsAs.ts';

const level = (enforce?: string): { labels: Record<string, string> } => ({
  labels: enforce === undefined ? {} : { 'pod-security.kubernetes.io/enforce': enforce },
});
const RESTRICTED = level('restricted');
const POD: Claim['runsAs'] = { user: 1000, group: 3000, groups: [2000, 2001] };
const settings = (env: Record<string, string> = {}) => readConfig(env).helper.settings;
const none = null;

it.each<[string, Claim['runsAs'], ReturnType<typeof level> | undefined, RestrictedMode, unknown]>([
  ['where root is admitted', POD, level('baseline'), 'auto', none],
  ['where no label says', POD, level(), 'auto', none],
  ['of a namespace that is not known', POD, undefined, 'auto', none],
  ['where it is switched off', POD, RESTRICTED, 'never', none],
  [
    'where restricted is the default level',
    POD,
    level(),
    'always',
    ['pods', 1000, 3000, [2000, 2001]],
  ],
  ['where a label says otherwise', POD, level('privileged'), 'always', none],
  ['as its pods do', POD, RESTRICTED, 'auto', ['pods', 1000, 3000, [2000, 2001]]],
  [
    'where only a group is known',
    { groups: [2000] },
    RESTRICTED,
    'auto',
    ['unknown', 65532, 0, [2000]],
  ],
  ['never as root', { user: 0, groups: [] }, RESTRICTED, 'auto', ['unknown', 65532, 0, []]],
  ['where nothing is known', undefined, RESTRICTED, 'auto', ['unknown', 65532, 0, []]],
])('a helper pod reads %s', (_, runsAs, namespace, mode, expected) => {
  const found = readsAs({ runsAs }, namespace, settings(), mode);
  const { runAsUser, runAsGroup, supplementalGroups } = found?.ids ?? {};
  expect(found && [found.because, runAsUser, runAsGroup, supplementalGroups]).toEqual(expected);
});

it('a helper pod reads as the user of the settings in every namespace', () => {
  const set = settings({ NKVM_HELPER_RUN_AS_USER: '7', NKVM_HELPER_SUPPLEMENTAL_GROUPS: '8' });
  for (const [namespace, mode] of [
    [RESTRICTED, 'auto'],
    [level(), 'never'],
  ] as const)
    expect(readsAs({ runsAs: POD }, namespace, set, mode)).toEqual({
      user: 7,
      because: 'setting',
      ids: { runAsUser: 7, runAsGroup: 0, supplementalGroups: [8] },
    });
});

it('groups of the settings count, too', () => {
  const set = settings({ NKVM_HELPER_SUPPLEMENTAL_GROUPS: '2000,8' });
  expect(readsAs({ runsAs: POD }, RESTRICTED, set, 'auto')?.ids.supplementalGroups).toEqual([
    2000, 8, 2001,
  ]);
});

it('a namespace that is labelled admits no root, also where the mode is `never`', () => {
  expect(isRestricted(RESTRICTED, 'never')).toBe(true);
  expect(isRestricted(level(), 'never')).toBe(false);
});
