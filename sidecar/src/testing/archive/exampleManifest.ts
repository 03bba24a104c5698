import type { Manifest } from '../../archive/manifest.ts';
import { MANIFEST_VERSION, readableBy } from '../../archive/manifest.ts';
import { indexName } from '../../archive/name.ts';
import { restoreCommand } from '../../archive/restoreCommand.ts';

/** A manifest such as production writes it, for tests. Size and digest go into the seal, too. */
export function exampleManifest(change: Partial<Manifest> = {}): Manifest {
  const runId = change.runId ?? '01k9a2b3c4d5e6f7g8h9jkmnpq';
  const archive = change.archive ?? `kind__shop__orders-db__20261120T101112Z__${runId}.tar.gz`;
  const { bytes = 42, sha256 = 'ab'.repeat(32) } = change;
  return {
    formatVersion: MANIFEST_VERSION,
    readableBy: readableBy(change.chain ?? null),
    archive,
    runId,
    cluster: 'kind',
    clusterUid: '9f2c1b7a-5e0d-4c63-b1a8-7d2e4f6a8c90',
    installation: '0123456789abcdef',
    namespace: 'shop',
    namespaceUid: '3b7e2c1d-0a4f-4e68-9c25-1f8d6b5a7e43',
    pvc: 'orders-db',
    pvcUid: '5d0c6a3e-8f0b-4c58-9a53-0f6f1c2d3e4f',
    claim: {
      labels: { app: 'orders' },
      annotations: { 'example.com/note': 'größe' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      status: { phase: 'Bound', capacity: { storage: '1Gi' } },
    },
    capacityBytes: 2 ** 30,
    usedBytes: 65_536,
    storageClass: 'fast',
    accessModes: ['ReadWriteOnce'],
    filesystem: 'ext4',
    owner: {
      kind: 'Single',
      owner: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'orders' },
    },
    node: 'node-b',
    createdAt: '2026-11-20T10:11:10.000Z',
    requestedBy: 'system:admin',
    priority: 'on-demand',
    bytes,
    sha256,
    stored: null,
    destinations: [],
    seal: {
      bytes,
      sha256,
      tarExit: 1,
      compressorExit: 0,
      files: 3,
      rawBytes: 10_240,
      omitted: { sockets: 0, trustedXattrs: 0, attributeFlags: 0, longPaths: 0 },
    },
    members: { count: 1, rawBytes: 64 * 1024 * 1024, sha256: 'cd'.repeat(32) },
    index: { key: indexName(archive), bytes: 300, sha256: 'ef'.repeat(32), entries: 3 },
    chain: null,
    snapshot: null,
    provenAt: '2026-11-20T10:12:40.000Z',
    proof: { level: 'checksum', readFrom: 'storage' },
    warnings: ['some files changed while they were read'],
    tarMessages: [],
    transport: 'exec',
    transportReason: 'archives travel through the API server',
    nkvmVersion: '0.1.0',
    restoreCommand: restoreCommand(archive),
    ...change,
  };
}
