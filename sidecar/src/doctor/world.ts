import type { OpenNamespaces } from '../backup/request/openNamespaces.ts';
import type { Access } from '../cluster/gateway/access.ts';
import type { Gateway } from '../cluster/gateway/gateway.ts';
import type { Inventory } from '../cluster/inventory/inventory.ts';
import type { HeldLease } from '../cluster/writes/holdLease.ts';
import type { Config } from '../config.ts';
import type { WatchedPlaces } from '../destinations/places/watchPlaces.ts';
import type { History } from '../history/history.ts';
import type { ProtectionSummary } from '../observe/protectionGauges.ts';

export interface Readiness {
  isReady: boolean;
  says: readonly string[];
}

/** Parts of a process that the checks ask. They become known one after the other when it starts. */
export interface DoctorParts {
  clusterUid: string;
  lease: Pick<HeldLease, 'isHeld'> | undefined;
  history: Pick<History, 'problem' | 'count' | 'list' | 'provenAt'>;
  helperImage: string;
  places: Pick<WatchedPlaces, 'all' | 'status' | 'problems'>;
  inventory: Pick<Inventory, 'isReady' | 'claims' | 'problems'>;
  open: Pick<OpenNamespaces, 'known' | 'scope'>;
  /** `host:port`, as helper pods reach it; null: there is no port for them. */
  push: string | null;
  protection: () => ProtectionSummary | undefined;
  /** Whether the API can be used, and what else an operator should know, in sentences. */
  readiness: () => Readiness;
}

export interface DoctorWorld {
  config: Config;
  gateway: Pick<Gateway, 'json' | 'stream'>;
  access: Pick<Access, 'mayI'>;
  /** Whether NKVM runs in a pod of the cluster. */
  inPod: boolean;
  now(): Date;
  parts: Partial<DoctorParts>;
}
