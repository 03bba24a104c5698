import { describe, expect, it } from 'vitest';
import { readConfig } from '../../config.ts';

const settingsOf = (env: Record<string, string>) =>
  readConfig(
    Object.fromEntries(Object.entries(env).map(([name, value]) => [`NKVM_HELPER_${name}`, value]))
  ).helper.settings;

describe('the settings of helper pods', () => {
  it('are safe without any', () => {
    expect(settingsOf({})).toEqual({
      architectures: ['amd64', 'arm64'],
      compressors: 4,
      resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '512Mi' } },
      labels: {},
      annotations: {},
      tolerations: [],
      nodeSelector: {},
      priorityClass: undefined,
      pullSecrets: [],
      serviceAccount: undefined,
      runAsUser: 0,
      runAsGroup: 0,
      supplementalGroups: [],
      seLinuxOptions: undefined,
    });
  });

  it.each<[string, string, object]>([
    ['CPU_LIMIT', '1', { resources: { limits: { cpu: '1' } } }],
    ['CPU_REQUEST', '0.25', { resources: { requests: { cpu: '0.25' } } }],
    ['MEMORY_REQUEST', '0Mi', { resources: { requests: { memory: '0Mi' } } }],
    ['ARCHITECTURES', 'arm64', { architectures: ['arm64'] }],
    ['ARCHITECTURES', 'amd64, s390x', { architectures: ['amd64', 's390x'] }],
    ['IMAGE_PULL_SECRETS', 'harbor,mirror.example', { pullSecrets: ['harbor', 'mirror.example'] }],
    ['LABELS', '{"team": "storage"}', { labels: { team: 'storage' } }],
    [
      'LABELS',
      'team: storage\nexample.com/cost-centre: "42"',
      { labels: { team: 'storage', 'example.com/cost-centre': '42' } },
    ],
    [
      'LABELS',
      '{sidecar.istio.io/inject: "true"}',
      { labels: { 'sidecar.istio.io/inject': 'true' } },
    ],
    [
      'ANNOTATIONS',
      'note: any text, of any length',
      { annotations: { note: 'any text, of any length' } },
    ],
    [
      'TOLERATIONS',
      '[{"key":"dedicated","operator":"Equal","value":"db","effect":"NoSchedule"}]',
      { tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'db', effect: 'NoSchedule' }] },
    ],
    ['TOLERATIONS', '- operator: Exists', { tolerations: [{ operator: 'Exists' }] }],
    [
      'TOLERATIONS',
      '[{key: spot, effect: NoExecute, tolerationSeconds: 60}]',
      { tolerations: [{ key: 'spot', effect: 'NoExecute', tolerationSeconds: 60 }] },
    ],
    ['NODE_SELECTOR', 'pool: backup', { nodeSelector: { pool: 'backup' } }],
    ['PRIORITY_CLASS', 'batch-low', { priorityClass: 'batch-low' }],
    ['SERVICE_ACCOUNT', 'backup', { serviceAccount: 'backup' }],
    ['RUN_AS_USER', '1000', { runAsUser: 1000 }],
    ['RUN_AS_GROUP', '2000', { runAsGroup: 2000 }],
    ['SUPPLEMENTAL_GROUPS', '5000,5001 5001', { supplementalGroups: [5000, 5001] }],
    ['SELINUX_OPTIONS', '{level: "s0:c10,c20"}', { seLinuxOptions: { level: 's0:c10,c20' } }],
  ])('take %s=%s', (name, value, expected) => {
    expect(settingsOf({ [name]: value })).toMatchObject(expected);
  });

  const label = (key: string, value = '"x"') => `{${key}: ${value}}`;
  it.each<[string, string, string]>([
    ['CPU_LIMIT', '5m', 'NKVM_HELPER_CPU_LIMIT takes at least 10m'],
    ['CPU_LIMIT', 'much', 'NKVM_HELPER_CPU_LIMIT takes an amount of CPU such as 250m or 2'],
    ['CPU_REQUEST', '0.0001', 'NKVM_HELPER_CPU_REQUEST takes an amount of CPU such as 250m or 2'],
    [
      'MEMORY_LIMIT',
      '63Mi',
      'NKVM_HELPER_MEMORY_LIMIT takes at least 64Mi, which every helper needs',
    ],
    [
      'MEMORY_REQUEST',
      '1Gi',
      'NKVM_HELPER_MEMORY_REQUEST takes at most NKVM_HELPER_MEMORY_LIMIT, which is 512Mi',
    ],
    ['ARCHITECTURES', ',', 'NKVM_HELPER_ARCHITECTURES takes at least one architecture'],
    ['ARCHITECTURES', 'linux/amd64', 'takes architectures such as amd64,arm64'],
    [
      'IMAGE_PULL_SECRETS',
      'Harbor',
      'NKVM_HELPER_IMAGE_PULL_SECRETS takes the name of a Kubernetes object',
    ],
    [
      'LABELS',
      '[a]',
      'NKVM_HELPER_LABELS takes labels as YAML or JSON, such as {example.com/team: storage}',
    ],
    ['LABELS', 'storage', 'NKVM_HELPER_LABELS takes labels as YAML or JSON'],
    ['LABELS', '{a: [', 'NKVM_HELPER_LABELS takes YAML or JSON, and its text is neither'],
    [
      'LABELS',
      label('a', '1'),
      'NKVM_HELPER_LABELS takes texts as values: put the value of a in quotes',
    ],
    ['LABELS', label('a', 'true'), 'put the value of a in quotes'],
    [
      'LABELS',
      label('a b'),
      'NKVM_HELPER_LABELS takes names such as example.com/team, unlike “a b”',
    ],
    ['LABELS', label('Example.com/a'), 'unlike “Example.com/a”'],
    ['LABELS', label('a/b/c'), 'unlike “a/b/c”'],
    [
      'LABELS',
      label('a', '"x y"'),
      'takes label values of at most 63 letters, digits, “-”, “_” and “.”, unlike that of a',
    ],
    [
      'LABELS',
      label('app.kubernetes.io/component'),
      'NKVM_HELPER_LABELS cannot set app.kubernetes.io/component, by which NKVM finds its helper pods',
    ],
    ['LABELS', label('app.kubernetes.io/name'), 'cannot set app.kubernetes.io/name'],
    ['LABELS', label('nkvm.io/anything'), 'cannot set nkvm.io/anything'],
    [
      'ANNOTATIONS',
      label('nkvm.io/anything'),
      'NKVM_HELPER_ANNOTATIONS cannot set nkvm.io/anything',
    ],
    [
      'ANNOTATIONS',
      label('a', `"${'x'.repeat(205_000)}"`),
      'NKVM_HELPER_ANNOTATIONS takes at most 204800 bytes',
    ],
    ['TOLERATIONS', '{key: a}', 'NKVM_HELPER_TOLERATIONS takes a list such as'],
    [
      'TOLERATIONS',
      '[{operator: Exists}, {key: a, operator: In}]',
      'NKVM_HELPER_TOLERATIONS is wrong: entry 2: operator takes Exists or Equal',
    ],
    [
      'TOLERATIONS',
      '[{key: a, effect: Never}]',
      'entry 1: effect takes NoSchedule, PreferNoSchedule or NoExecute',
    ],
    ['TOLERATIONS', '[{effect: NoSchedule}]', 'entry 1: key is needed, unless operator is Exists'],
    [
      'TOLERATIONS',
      '[{key: a, operator: Exists, value: b}]',
      'entry 1: value cannot be used with operator Exists',
    ],
    ['TOLERATIONS', '[{key: a, value: 1}]', 'entry 1: value takes a text: put it in quotes'],
    [
      'TOLERATIONS',
      '[{key: a, tolerationSeconds: 5}]',
      'entry 1: tolerationSeconds needs effect NoExecute',
    ],
    [
      'TOLERATIONS',
      '[{key: a, effects: NoSchedule}]',
      'NKVM_HELPER_TOLERATIONS does not know the field effects',
    ],
    ['NODE_SELECTOR', 'backup', 'NKVM_HELPER_NODE_SELECTOR takes labels as YAML or JSON'],
    ['PRIORITY_CLASS', 'a b', 'NKVM_HELPER_PRIORITY_CLASS takes the name of a Kubernetes object'],
    ['RUN_AS_USER', 'root', 'NKVM_HELPER_RUN_AS_USER takes a number from 0 to 2147483647'],
    ['RUN_AS_USER', '-1', 'NKVM_HELPER_RUN_AS_USER takes a number from 0 to 2147483647'],
    [
      'SUPPLEMENTAL_GROUPS',
      '5000;5001',
      'NKVM_HELPER_SUPPLEMENTAL_GROUPS takes a number from 0 to 2147483647',
    ],
    [
      'SELINUX_OPTIONS',
      '"s0:c10"',
      'NKVM_HELPER_SELINUX_OPTIONS takes fields such as {level: "s0:c10,c20"}',
    ],
    ['SELINUX_OPTIONS', '{label: a}', 'NKVM_HELPER_SELINUX_OPTIONS does not know the field label'],
    [
      'SELINUX_OPTIONS',
      '{level: 1}',
      'NKVM_HELPER_SELINUX_OPTIONS is wrong: level takes a text: put it in quotes',
    ],
  ])('refuse %s=%s in one line', (name, value, message) => {
    expect(() => settingsOf({ [name]: value })).toThrow(message);
    expect(() => settingsOf({ [name]: value })).not.toThrow(/\n/);
  });

  it('show no value in an error, which may be a secret', () => {
    for (const value of ['{a: s3cret: b}', '{a: [s3cret]}', '[{key: a, value: [s3cret]}]']) {
      for (const name of ['LABELS', 'TOLERATIONS', 'SELINUX_OPTIONS'])
        expect(() => settingsOf({ [name]: value })).not.toThrow(/s3cret/);
    }
  });
});
