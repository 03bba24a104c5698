import type { Volumes } from '../kubelet/volumes.ts';
import type { Objects } from '../objects/objects.ts';
import { aggregatedRoles, AGGREGATION_WATCHES } from './aggregatedRoles.ts';
import { claimProtection, PROTECTION_WATCHES } from './claimProtection.ts';
import { CLAIM_WATCHES, claims } from './claims.ts';
import { DAEMON_SET_WATCHES, daemonSets } from './daemonSets.ts';
import { DEPLOYMENT_WATCHES, deployments } from './deployments.ts';
import { ENDPOINT_WATCHES, endpoints } from './endpoints.ts';
import { EPHEMERAL_WATCHES, ephemeralClaims } from './ephemeralClaims.ts';
import type { EventRecorder } from './events.ts';
import { emptyNamespaces, garbage, GARBAGE_WATCHES, makesGarbage } from './garbage.ts';
import { JOB_WATCHES, jobs } from './jobs.ts';
import { Loop } from './loop.ts';
import { startNewNamespaces } from './newNamespaces.ts';
import { REPLICA_SET_WATCHES, replicaSets } from './replicaSets.ts';
import { scheduler, SCHEDULER_WATCHES } from './scheduler.ts';
import { STATEFUL_SET_WATCHES, statefulSets } from './statefulSets.ts';
import { reclaim, VOLUME_WATCHES } from './volumes.ts';

/** Starts all controllers. @returns how to end them. */
export function startControllers(
  objects: Objects,
  events: EventRecorder,
  directories: Volumes,
  now: () => Date
): () => void {
  const loop = new Loop(objects.store);
  const endNewNamespaces = startNewNamespaces(objects);
  loop.add(EPHEMERAL_WATCHES, ephemeralClaims(objects));
  loop.add(SCHEDULER_WATCHES, scheduler(objects, events, now));
  loop.add(CLAIM_WATCHES, claims(objects, events, now));
  loop.add(PROTECTION_WATCHES, claimProtection(objects));
  loop.add(VOLUME_WATCHES, reclaim(objects, directories, now));
  loop.add(DEPLOYMENT_WATCHES, deployments(objects, now));
  loop.add(REPLICA_SET_WATCHES, replicaSets(objects));
  loop.add(STATEFUL_SET_WATCHES, statefulSets(objects));
  loop.add(DAEMON_SET_WATCHES, daemonSets(objects));
  loop.add(JOB_WATCHES, jobs(objects, now));
  loop.add(ENDPOINT_WATCHES, endpoints(objects));
  loop.add(GARBAGE_WATCHES, garbage(objects), makesGarbage);
  loop.add(GARBAGE_WATCHES, emptyNamespaces(objects), makesGarbage);
  loop.add(AGGREGATION_WATCHES, aggregatedRoles(objects));
  return () => {
    endNewNamespaces();
    loop.stop();
  };
}
