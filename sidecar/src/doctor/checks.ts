import { askCluster, checkClock, checkCluster } from './checks/clusterCheck.ts';
import { checkPush, checkWebhook } from './checks/connectionChecks.ts';
import { checkDestinations } from './checks/destinationsCheck.ts';
import { checkDisk } from './checks/diskCheck.ts';
import { checkHistory } from './checks/historyCheck.ts';
import { checkImage } from './checks/imageCheck.ts';
import { checkLease } from './checks/leaseCheck.ts';
import { checkNamespaces } from './checks/namespacesCheck.ts';
import { checkProcess } from './checks/processCheck.ts';
import { checkRights } from './checks/rightsCheck.ts';
import { checkSchedules } from './checks/schedulesCheck.ts';
import type { Checks } from './doctor.ts';
import type { DoctorWorld } from './world.ts';

/** Those of a process. Checks that need a part which has not started wait for the next report. */
export function checksOf(world: DoctorWorld, waitsFor: () => string): Checks {
  const { config, gateway, access, inPod, now, parts } = world;
  const { namespace } = config;
  return {
    process: async () => checkProcess(parts.readiness?.(), waitsFor(), namespace),
    cluster: async (_, signal) =>
      await checkCluster(askCluster(gateway, now, signal), gateway, parts.clusterUid, signal),
    clock: async (_, signal) => checkClock(await askCluster(gateway, now, signal)),
    rights: async () => await checkRights(access, namespace, inPod),
    async namespaces(viewer) {
      const { open, inventory } = parts;
      if (!open || !inventory?.isReady()) return undefined;
      const claims = inventory.claims();
      const names = new Set(claims.map(claim => claim.namespace));
      const scheduled = parts.protection?.()?.nextRuns ?? [];
      return await checkNamespaces(
        {
          ...{ access, open, selector: config.namespaceSelector?.text },
          namespaces: [...names].sort(),
          scheduled: [...new Set(scheduled.map(claim => claim.namespace))].sort(),
        },
        viewer
      );
    },
    image: async () =>
      parts.helperImage !== undefined && parts.history
        ? checkImage(parts.helperImage, parts.history)
        : undefined,
    destinations: async viewer =>
      parts.places && parts.history
        ? await checkDestinations(parts.places, parts.history, viewer)
        : undefined,
    disk: async () => await checkDisk(config),
    history: async (_, signal) => await checkHistory(config.metadataDbPath, parts.history, signal),
    lease: async () => await checkLease({ gateway, namespace, inPod, lease: parts.lease }),
    push: async (_, signal) =>
      parts.push === undefined ? undefined : await checkPush(parts.push, signal),
    webhook: async () => await checkWebhook(config.webhook, now()),
    schedules: async () =>
      parts.protection ? checkSchedules(config.schedules.isOn, parts.protection()) : undefined,
  };
}
