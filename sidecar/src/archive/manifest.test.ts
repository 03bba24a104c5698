import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exampleManifest } from '../testing/archive/exampleManifest.ts';
import type { Manifest } from './manifest.ts';
import { readManifest, writeManifest } from './manifest.ts';

const manifest = exampleManifest({ tarMessages: ['tar: ./log: file changed as we read it'] });
const stored: Partial<Manifest> = { ...manifest };
delete stored.readableBy;
const text = writeManifest(manifest);

it('gives back what was written', () => {
  expect(readManifest('m', text)).toEqual(stored);
});

it('is JSON of several lines that ends like a text file', () => {
  expect(JSON.parse(text)).toEqual(manifest);
  expect(text).toMatch(/^\{\n {2}"formatVersion": 5,\n[^]*\n\}\n$/);
});

it.each<[string, Partial<Manifest>, string]>([
  ['another size than the seal', { bytes: 41 }, 'bytes: differs from the seal'],
  ['another digest than the seal', { sha256: '00'.repeat(32) }, 'sha256: differs from the seal'],
  ['another run than the archive', { runId: 'other' }, 'runId: differs from the run id in the'],
  ['an archive of another name', { archive: 'x.tar.gz' }, 'archive: is not an archive name'],
])('neither writes nor reads one with %s', (_, wrong, words) => {
  const contradictory = { ...manifest, ...wrong };
  expect(() => writeManifest(contradictory)).toThrow(
    expect.objectContaining({ stage: 'publish', message: expect.stringContaining(words) })
  );
  expect(() => readManifest('m', JSON.stringify(contradictory))).toThrow(
    expect.objectContaining({
      reason: 'ManifestUnreadable',
      message: expect.stringContaining(words),
    })
  );
});

it.each([
  ['half of one', text.slice(0, 200), 'ManifestUnreadable', /^manifest m: .*JSON/],
  ['an empty file', '', 'ManifestUnreadable', /^manifest m: .*JSON/],
  [
    'JSON of another kind',
    '{"name":"nkvm"}',
    'ManifestUnreadable',
    /formatVersion: .*and \d+ more$/,
  ],
  ['a list', '[]', 'ManifestUnreadable', /^manifest m: it: /],
  [
    'one that a later version declares incompatible',
    '{"formatVersion":7,"readableBy":6,"anything":true}',
    'ManifestTooNew',
    /^manifest m has format version 7, which needs a reader of version 6; this NKVM reads up to 5$/,
  ],
  [
    'one of a later version that says nothing of older readers',
    '{"formatVersion":6,"anything":true}',
    'ManifestTooNew',
    /^manifest m has format version 6/,
  ],
])('says why it cannot read %s', (_name, given, reason, message) => {
  expect(() => readManifest('m', given)).toThrow(
    expect.objectContaining({ stage: 'checksum', reason, message: expect.stringMatching(message) })
  );
});

it('writes no field that it does not know', () => {
  expect(() => writeManifest({ ...manifest, key: 'x' } as Manifest)).toThrow('"key"');
});

it('reads one of the first version (kept as it was written then)', () => {
  const text = readFileSync(join(import.meta.dirname, 'fixtures/manifest-v1.json'), 'utf8');
  const read = readManifest('m', text);
  expect(read).toMatchObject({
    formatVersion: 1,
    runId: '01k9a2b3c4d5e6f7g8h9jkmnpq',
    clusterUid: null,
    installation: null,
    namespaceUid: null,
    capacityBytes: null,
    provenAt: null,
    proof: null,
    bytes: 42,
    seal: { files: 3, omitted: { sockets: 0, trustedXattrs: null } },
  });
  // Its lines of tar were among the warnings, which everybody sees who may see the run.
  expect(read.warnings).toEqual(['some files changed while they were read']);
  expect(read.tarMessages).toEqual(['tar: ./customers/anna.log: file changed as we read it']);
});

it('reads one of the second version (kept as it was written then)', () => {
  const text = readFileSync(join(import.meta.dirname, 'fixtures/manifest-v2.json'), 'utf8');
  const { readableBy, ...written } = JSON.parse(text);
  expect(readableBy).toBe(2);
  expect(readManifest('m', text)).toEqual({
    ...written,
    claim: { ...written.claim, status: {} },
    usedBytes: null,
    storageClass: 'fast', // of the claim
    accessModes: ['ReadWriteOnce'],
    filesystem: null,
    members: null,
    index: null,
    chain: null,
    snapshot: null,
    stored: null,
    destinations: [],
    priority: 'on-demand', // retention deletes none of it
    transport: null,
    transportReason: null,
  });
});

it('takes the digests of the tar for those of an archive that is stored unpacked', () => {
  const { archive, seal } = exampleManifest();
  const tar = { bytes: seal.rawBytes, sha256: 'cd'.repeat(32) };
  const rawSha256 = tar.sha256;
  const of = (change: Partial<Manifest>) => ({
    ...exampleManifest({ archive: archive.replace(/\.gz$/, ''), index: null }),
    ...tar,
    ...change,
  });
  expect(() => writeManifest(of({ seal: { ...seal, rawSha256 } }))).not.toThrow();
  expect(() => writeManifest(of({ seal }))).not.toThrow();
  expect(() => writeManifest(of({ seal, bytes: tar.bytes + 1 }))).toThrow('differs from the seal');
  expect(() => writeManifest(of({ seal: { ...seal, rawSha256: 'ef'.repeat(32) } }))).toThrow(
    'differs from the seal'
  );
});

it('can be read by the second version, which knows less', () => {
  expect(JSON.parse(text).readableBy).toBe(2);
});

it('does not write one whose index belongs to another archive', () => {
  const { index } = manifest;
  if (!index) throw new Error('the example has an index');
  expect(() =>
    writeManifest({ ...manifest, index: { ...index, key: 'other.tar.gz.index.gz' } })
  ).toThrow('index: belongs to another archive');
});

it.each([
  ['of another archive', { ...manifest.index, key: 'other.tar.gz.index.gz' }],
  ['of another kind', { tree: 'b' }],
])('reads one whose index is %s as one without', (_, index) => {
  const read = readManifest('m', JSON.stringify({ ...manifest, index }));
  expect(read).toEqual({ ...stored, index: null });
});

it('reads one of a later version as far as it knows it, where that one allows it', () => {
  const later = {
    ...manifest,
    formatVersion: 6,
    encryption: { recipients: 2 },
    claim: { ...manifest.claim, events: [] },
    owner: { kind: 'Federated', clusters: [] },
    seal: { ...manifest.seal, members: [1], omitted: { ...manifest.seal.omitted, fifos: 1 } },
    proof: { level: 'quantum', readFrom: 'storage' },
  };
  expect(readManifest('m', JSON.stringify(later))).toEqual({
    ...stored,
    formatVersion: 6,
    owner: { kind: 'Unknown', reason: 'the manifest names an owner of another kind' },
    proof: null,
  });
});

const base = { runId: 'before', archive: 'x.tar.gz', bytes: 7, sha256: 'ab'.repeat(32) };

it('keeps earlier versions from reading an increment, which they would take for all of the volume', () => {
  const increment = exampleManifest({ chain: { links: [base] } });
  expect(JSON.parse(writeManifest(increment)).readableBy).toBe(5);
  expect(readManifest('m', writeManifest(increment)).chain).toEqual({ links: [base] });
  expect(() => writeManifest({ ...increment, readableBy: 2 })).toThrow('readableBy');
  const full = exampleManifest({ chain: { links: [] } });
  expect(JSON.parse(writeManifest(full)).readableBy).toBe(2);
});

it.each<[string, Partial<Manifest>, string]>([
  ['itself for its base', { chain: { links: [{ ...base, runId: manifest.runId }] } }, 'chain'],
  ['a base twice', { chain: { links: [base, base] } }, 'chain'],
  ['the snapshot file of another', { snapshot: { ...base, key: 'y' } as never }, 'snapshot'],
])('writes none that names %s', (_, wrong, field) => {
  expect(() => writeManifest(exampleManifest(wrong))).toThrow(field);
});

it('reads none whose chain it cannot read: it would take an increment for all of the volume', () => {
  const odd = { ...exampleManifest({ chain: { links: [base] } }), chain: { links: 7 } };
  expect(() => readManifest('m', JSON.stringify(odd))).toThrow('chain');
});
