import { expect, it } from 'vitest';
import type { Manifest } from './manifest.ts';
import { readManifest, writeManifest } from './manifest.ts';
import { restoreCommand } from './restoreCommand.ts';

const sha256 = 'ab'.repeat(32);
const archive = 'kind__shop__orders-db__20261120T101112Z__01k9.tar.gz';
const manifest: Manifest = {
  formatVersion: 1,
  archive,
  runId: '01k9',
  cluster: 'kind',
  namespace: 'shop',
  pvc: 'orders-db',
  pvcUid: '5d0c6a3e-0000-4000-8000-000000000000',
  claim: {
    labels: { app: 'orders' },
    annotations: { 'example.com/note': 'größe' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  owner: { kind: 'Single', owner: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'orders' } },
  node: 'node-b',
  createdAt: '2026-11-20T10:11:12.000Z',
  requestedBy: 'system:admin',
  bytes: 42,
  sha256,
  seal: {
    bytes: 42,
    sha256,
    tarExit: 1,
    compressorExit: 0,
    files: 3,
    rawBytes: 10_240,
    omitted: { sockets: 0, trustedXattrs: 0, attributeFlags: 0, longPaths: 0 },
  },
  warnings: ['some files changed while they were read'],
  tarMessages: ['tar: ./log: file changed as we read it'],
  nkvmVersion: '0.1.0',
  restoreCommand: restoreCommand(archive),
};
const text = writeManifest(manifest);

it('gives back what was written', () => {
  expect(readManifest('m', text)).toEqual(manifest);
});

it('is JSON of several lines that ends like a text file', () => {
  expect(JSON.parse(text)).toEqual(manifest);
  expect(text).toMatch(/^\{\n {2}"formatVersion": 1,\n[^]*\n\}\n$/);
});

it.each<[string, Partial<Manifest>, string]>([
  ['another size than the seal', { bytes: 41 }, 'bytes: differs from the seal'],
  ['another digest than the seal', { sha256: '00'.repeat(32) }, 'sha256: differs from the seal'],
  ['another run than the archive', { runId: 'other' }, 'runId: differs from the run id in the'],
  ['an archive of another name', { archive: 'x.tar.gz' }, 'archive: is no name of an archive'],
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
    'a field that this version does not know',
    JSON.stringify({ ...manifest, key: 'x' }),
    'ManifestUnreadable',
    /"key"/,
  ],
  [
    'one of a later version',
    '{"formatVersion":2,"anything":true}',
    'ManifestTooNew',
    /^manifest m has format version 2; this NKVM reads up to 1$/,
  ],
])('says why it cannot read %s', (_, given, reason, message) => {
  expect(() => readManifest('m', given)).toThrow(
    expect.objectContaining({ stage: 'checksum', reason, message: expect.stringMatching(message) })
  );
});
