import { afterAll, beforeAll, describe, it } from 'vitest';
import { changes } from './behaviours/changes.ts';
import { claims } from './behaviours/claims.ts';
import { deletions } from './behaviours/deletions.ts';
import { execs } from './behaviours/execs.ts';
import { lists } from './behaviours/lists.ts';
import { objects } from './behaviours/objects.ts';
import { podDetails } from './behaviours/podDetails.ts';
import { podProblems } from './behaviours/podProblems.ts';
import { pods } from './behaviours/pods.ts';
import { proxies } from './behaviours/proxies.ts';
import { rights } from './behaviours/rights.ts';
import { tokens } from './behaviours/tokens.ts';
import { watches } from './behaviours/watches.ts';
import { workloads } from './behaviours/workloads.ts';
import type { Area, ContractCluster } from './cluster.ts';
import { World } from './world.ts';

/** What the product relies on, in the order of the documentation. */
export const AREAS: readonly Area[] = [
  objects,
  changes,
  deletions,
  lists,
  watches,
  tokens,
  rights,
  proxies,
  execs,
  pods,
  podProblems,
  podDetails,
  claims,
  workloads,
];

/** A cluster for the time of the suite. */
export interface OpenedCluster extends ContractCluster {
  close(): Promise<void>;
}

/** Some behaviours wait for a grace period, and several pods are started at once. */
const LIMIT_MS = 90_000;

/** Holds a cluster to the contract. Behaviours run side by side, each with objects of its own. */
export function describeContract(name: string, open: () => Promise<OpenedCluster>): void {
  describe(name, { timeout: LIMIT_MS }, () => {
    let cluster: OpenedCluster;
    let world: World;
    beforeAll(async () => {
      cluster = await open();
      world = new World(cluster);
    });
    afterAll(() => cluster?.close());
    for (const { title, behaviours } of AREAS) {
      describe.concurrent(title, () => {
        for (const { says, holds, needsPast } of behaviours) {
          it(says, ({ skip }) => {
            if (needsPast && cluster.remembersAll)
              skip('the cluster still knows its first version');
            return holds(world);
          });
        }
      });
    }
  });
}
