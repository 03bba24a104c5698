import { writeManifest } from '../../archive/manifest.ts';
import { archiveName, manifestName } from '../../archive/name.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { ClaimFact } from '../../cluster/watch/facts.ts';
import type { Destination } from '../../destinations/destination.ts';
import type { Places } from '../../destinations/places.ts';
import { runIds } from '../../history/runId.ts';
import type { DecisionsWorld } from '../../policy/populate/gather.ts';
import { decisionsBy } from '../../policy/populate/gather.ts';
import { exampleManifest } from '../archive/exampleManifest.ts';
import { testClaim } from '../cluster/testClaim.ts';
import { fixedPlaces } from '../destinations/fixedPlaces.ts';

/** Clusters of these tests. */
const OUR_UID = '9f2c1b7a-5e0d-4c63-b1a8-7d2e4f6a8c90';
export const OLD_UID = '8f3c2a10-5d7e-4b1f-9c64-2f0a7be1d3c5';

const nextId = runIds();

/** A claim that waits for its data: `shop/orders-db`. */
export const waitingClaim = (change: Partial<Claim> & Partial<ClaimFact> = {}): Claim => {
  const name = change.name ?? 'orders-db';
  const dataSource = { apiGroup: 'nkvm.io', kind: 'BackupRestore', name, namespace: null };
  return testClaim({
    ...{ name, phase: 'Pending', volumeName: null, requestedBytes: 2 ** 30, dataSource },
    ...change,
  });
};

export interface StoreWish {
  namespace?: string;
  pvc?: string;
  cluster?: string;
  clusterUid?: string;
  /** When it was requested, ISO-8601. */
  at?: string;
  usedBytes?: number;
  /** `restore`: it was made before a restore. */
  priority?: 'restore' | 'on-demand' | 'scheduled';
  hasManifest?: boolean;
  /** The text of its manifest, where it is not what it should be. */
  manifestText?: string;
  /** What is stored; default: 42 bytes, as its manifest says. */
  contents?: string;
}

/** Stores an archive with its manifest. @returns the id of its run, and its key. */
export async function storeBackup(to: Destination, wish: StoreWish = {}) {
  const { namespace = 'shop', pvc = 'orders-db', cluster = 'kind', clusterUid = OUR_UID } = wish;
  const {
    at = '2026-11-20T10:11:12.000Z',
    hasManifest = true,
    usedBytes = 4096,
    priority = 'scheduled',
  } = wish;
  const runId = nextId();
  const key = archiveName({ cluster, namespace, pvc, at: new Date(at), runId });
  await to.put(key, wish.contents ?? 'x'.repeat(42));
  const of = {
    archive: key,
    runId,
    namespace,
    pvc,
    cluster,
    clusterUid,
    createdAt: at,
    usedBytes,
    priority,
  };
  if (hasManifest)
    await to.put(manifestName(key), wish.manifestText ?? writeManifest(exampleManifest(of)));
  return { runId, key };
}

export interface PopulateWish extends Partial<DecisionsWorld> {
  claims?: readonly Claim[];
}

/** What decides about claims, with these destinations and without a history. */
export function populateWorld(
  destinations: readonly Destination[] | Places,
  wish: PopulateWish = {}
) {
  const { claims = [], ...change } = wish;
  const namespace = { name: 'shop', uid: 'u', createdAt: '2026-01-01T00:00:00.000Z' };
  return decisionsBy({
    places: 'all' in destinations ? destinations : fixedPlaces(destinations),
    history: {
      list: () => ({ backups: [], nextCursor: null, limits: [] }),
      get: () => undefined,
      ofBackup: () => [],
    },
    isHistoryReady: () => true,
    inventory: { claims: () => [...claims], isReady: () => true, namespace: () => namespace },
    clusterUid: OUR_UID,
    clusterName: 'kind',
    continues: undefined,
    ...change,
  });
}
