import { expect, it } from 'vitest';
import type { ArchiveParts } from './name.ts';
import {
  ARCHIVE_FORMS,
  archiveFormOf,
  archiveName,
  archiveNameIn,
  archiveOfIndex,
  archiveOfManifest,
  archiveOfSnapshot,
  clusterPart,
  indexName,
  manifestName,
  parseArchiveName,
  snapshotName,
  withoutArchiveNames,
} from './name.ts';

const parts: ArchiveParts = {
  cluster: 'kind',
  namespace: 'shop',
  pvc: 'data-orders-db-0',
  at: new Date('2026-11-20T10:11:12Z'),
  runId: '01k9a2b3c4d5e6f7g8h9jkmnpq',
};

it('reads as cluster, namespace, claim, time and run', () => {
  expect(archiveName(parts)).toBe(
    'kind__shop__data-orders-db-0__20261120T101112Z__01k9a2b3c4d5e6f7g8h9jkmnpq.tar.gz'
  );
});

it('parses back to what it was made of, for any names that Kubernetes allows', () => {
  const random = randomFrom(20261120);
  for (let round = 0; round < 2_000; round += 1) {
    const made: ArchiveParts = {
      cluster: kubernetesName(random, 63, '-.'),
      namespace: kubernetesName(random, 63, '-'),
      pvc: kubernetesName(random, 253, '-.'),
      at: new Date(Math.floor(random() * 4e9) * 1000),
      runId: kubernetesName(random, 26, ''),
    };
    const name = archiveName(made);
    const parsed = parseArchiveName(name);
    expect(snapshotName(name).length).toBeLessThanOrEqual(251);
    expect(parsed).toMatchObject({ ...made, pvc: parsed?.pvc });
    if (parsed?.shortened) expect(made.pvc.startsWith(parsed.pvc.slice(0, -9))).toBe(true);
    else expect(parsed?.pvc).toBe(made.pvc);
  }
});

it("shortens a claim's name only when it does not fit, and always in the same way", () => {
  const longest = { ...parts, cluster: 'c'.repeat(63), namespace: 'n'.repeat(63) };
  const room = 239 - archiveName({ ...longest, pvc: 'p' }).length + 1;
  const fits = archiveName({ ...longest, pvc: 'p'.repeat(room) });
  expect(parseArchiveName(fits)).toMatchObject({ pvc: 'p'.repeat(room), shortened: false });
  const long = archiveName({ ...longest, pvc: 'p'.repeat(room + 1) });
  expect(long.length).toBe(239);
  expect(archiveName({ ...longest, pvc: 'p'.repeat(room + 1) })).toBe(long);
  expect(parseArchiveName(long)).toMatchObject({
    pvc: expect.stringMatching(/^p{47}_[0-9a-f]{8}$/),
    shortened: true,
  });
});

it('keeps two long names that begin alike apart, even in one second', () => {
  const nameOf = (pvc: string, runId: string) => archiveName({ ...parts, pvc, runId });
  const long = 'p'.repeat(252);
  expect(nameOf(`${long}a`, 'r')).not.toBe(nameOf(`${long}b`, 'r'));
  expect(nameOf(`${long}a`, 'r1')).not.toBe(nameOf(`${long}a`, 'r2'));
});

it.each<[string, Partial<ArchiveParts>]>([
  ['an underscore in the claim', { pvc: 'a_b' }],
  ['what looks like a shortened claim', { pvc: 'a_0123abcd' }],
  ['an empty claim', { pvc: '' }],
  ['a slash in the namespace', { namespace: '../x' }],
  ['a namespace in capitals', { namespace: 'Shop' }],
  ['an empty run id', { runId: '' }],
  ['a run id with a dot', { runId: 'a.b' }],
  ['a run id of 37 characters', { runId: 'r'.repeat(37) }],
  ['no date', { at: new Date(NaN) }],
  ['a date that needs five digits for the year', { at: new Date('+010000-01-01T00:00:00Z') }],
])('refuses %s', (_, wrong) => {
  expect(() => archiveName({ ...parts, ...wrong })).toThrow(RangeError);
});

it.each([
  '',
  'notes.tar.gz',
  'kind__shop__data__20261120T101112Z__r.tar.age',
  'kind__shop__data__20261120T101112Z__r.gz',
  'kind__shop__data__20261120T101112Z__r.tar.gz.age.age',
  'kind__shop__data__20261120T101112Z__r.tar.gz.json',
  'kind__shop__data__20260231T101112Z__r.tar.gz',
  'kind__shop__data__20261120T106112Z__r.tar.gz',
  'kind__shop__20261120T101112Z__r.tar.gz',
  'kind__shop__data__extra__20261120T101112Z__r.tar.gz',
  'kind__shop__data_12345__20261120T101112Z__r.tar.gz',
  'kind__Shop__data__20261120T101112Z__r.tar.gz',
  `kind__shop__${'d'.repeat(212)}__20261120T101112Z__r.tar.gz`,
])('takes %j for a file of somebody else', name => {
  expect(parseArchiveName(name)).toBeUndefined();
});

it('finds the manifest of an archive, and the archive of a manifest', () => {
  const name = archiveName(parts);
  expect(manifestName(name)).toBe(`${name}.json`);
  expect(archiveOfManifest(`${name}.json`)).toBe(name);
  expect(archiveOfManifest(name)).toBeUndefined();
  expect(archiveOfManifest('package.json')).toBeUndefined();
});

it('finds the index of an archive, and the archive of an index', () => {
  const name = archiveName(parts);
  expect(indexName(name)).toBe(`${name}.index.gz`);
  expect(archiveOfIndex(`${name}.index.gz`)).toBe(name);
  expect(parseArchiveName(indexName(name))).toBeUndefined();
  expect(archiveOfIndex(name)).toBeUndefined();
  expect(archiveOfIndex('other.index.gz')).toBeUndefined();
});

it('keeps the parts of a name in every form, and changes one form into another', () => {
  const long = {
    ...parts,
    cluster: 'c'.repeat(63),
    namespace: 'n'.repeat(63),
    pvc: 'p'.repeat(253),
  };
  for (const made of [parts, long]) {
    const names = ARCHIVE_FORMS.map(form => archiveName(made, form));
    for (const [at, name] of names.entries()) {
      const { form, ...rest } = parseArchiveName(name)!;
      expect(form).toBe(ARCHIVE_FORMS[at]);
      expect(archiveFormOf(name)).toBe(form);
      expect({ ...rest, form: 'tar.gz' }).toEqual(parseArchiveName(names[0]!));
      expect(ARCHIVE_FORMS.map(other => archiveNameIn(name, other))).toEqual(names);
      expect(archiveOfIndex(indexName(name))).toBe(name);
      expect(archiveOfManifest(manifestName(name))).toBe(name);
      expect(archiveOfSnapshot(snapshotName(name))).toBe(name);
      expect(archiveOfIndex(snapshotName(name))).toBeUndefined();
      expect(Math.max(snapshotName(name).length, manifestName(name).length)).toBeLessThanOrEqual(
        255
      );
    }
    expect(new Set(names.map(indexName)).size).toBe(3);
  }
});

it('gives the index of an encrypted archive an ending that shows it is encrypted', () => {
  const name = archiveName(parts, 'tar.gz.age');
  expect(name).toBe(`${archiveName(parts)}.age`);
  expect(indexName(name)).toBe(`${archiveName(parts)}.index.gz.age`);
  expect(archiveOfIndex(`${name}.index.gz`)).toBeUndefined();
  expect(archiveFormOf(manifestName(name))).toBeUndefined();
  expect(archiveFormOf('by-hand.tar.gz.age')).toBe('tar.gz.age');
  expect(archiveFormOf('notes.txt.age')).toBeUndefined();
  expect(() => archiveNameIn('notes.txt', 'tar')).toThrow(RangeError);
});

it('reads a name that is as long as those of earlier versions', () => {
  const name = (length: number) =>
    `kind__shop__${'d'.repeat(length - 42)}__20261120T101112Z__run.tar.gz`;
  expect(name(246)).toHaveLength(246);
  expect(parseArchiveName(name(246))).toMatchObject({ runId: 'run' });
  expect(parseArchiveName(name(247))).toBeUndefined();
  expect(parseArchiveName(`${name(246)}.age`)).toMatchObject({ form: 'tar.gz.age' });
});

it.each([
  ['kind', 'kind'],
  ['kubernetes-admin@kubernetes', 'kubernetes-admin-kubernetes'],
  ['arn:aws:eks:eu-west-1:1234:cluster/Prod_1', 'arn-aws-eks-eu-west-1-1234-cluster-prod-1'],
  ['a__b', 'a-b'],
  ['../..', 'cluster'],
  [`${'x'.repeat(62)}--y`, 'x'.repeat(62)],
  ['', 'cluster'],
])('makes the cluster name %j fit for a file: %s', (name, fit) => {
  expect(clusterPart(name)).toBe(fit);
  expect(clusterPart(fit)).toBe(fit);
});

/** A small generator (mulberry32), so that a failing round can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Every third has the longest length, every third the shortest. */
function kubernetesName(random: () => number, longest: number, inner: string): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const pick = (from: string) => from.charAt(Math.floor(random() * from.length));
  const length = [1, longest, 1 + Math.floor(random() * longest)][Math.floor(random() * 3)] ?? 1;
  const middle = Array.from({ length: Math.max(0, length - 2) }, () => pick(letters + inner));
  return pick(letters) + middle.join('') + (length > 1 ? pick(letters) : '');
}

it.each(ARCHIVE_FORMS)(
  'its name in form %s, and those beside it, can be left out of a text',
  form => {
    const name = archiveName({ ...parts, pvc: 'd'.repeat(250) }, form);
    for (const each of [
      name,
      manifestName(name),
      indexName(name),
      snapshotName(name),
      archiveName(parts, form),
    ])
      expect(withoutArchiveNames(`store s3://b/p/${each}: no. (${each}) "${each}"`)).toBe(
        'store s3://b/p/…: no. (…) "…"'
      );
    expect(withoutArchiveNames('a__b.tar.gz at host.example')).toBe('a__b.tar.gz at host.example');
  }
);
