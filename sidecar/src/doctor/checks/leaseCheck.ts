import { hostname } from 'node:os';
import type { DoctorFinding } from '../../../api/index.ts';
import type { Gateway } from '../../cluster/gateway/gateway.ts';
import type { HeldLease } from '../../cluster/writes/holdLease.ts';
import { leaseOf } from '../../cluster/writes/leases.ts';
import { fails, fine, warns } from '../finding.ts';

export interface LeaseCheck {
  gateway: Pick<Gateway, 'json'>;
  namespace: string;
  inPod: boolean;
  /** Undefined: this process does not have it (yet). */
  lease: Pick<HeldLease, 'isHeld'> | undefined;
  me?: string;
}

const LIMIT_MS = 8_000;

/** Which pod may write the history. */
export async function checkLease(check: LeaseCheck): Promise<DoctorFinding[]> {
  const { gateway, namespace, inPod, lease, me = hostname() } = check;
  if (!inPod)
    return [fine('outside of a pod there is no Lease: a lock beside the history is held')];
  const one = leaseOf(gateway, namespace, 'nkvm', LIMIT_MS);
  const record = await one.read();
  if (!record || record.holder === '')
    return [warns(`nobody holds Lease ${one.name}`, 'run the doctor again when NKVM has started')];
  if (record.holder !== me)
    return [
      fails(
        `Lease ${one.name} is held by ${record.holder}, and this is ${me}`,
        `see that one pod of NKVM runs; one that is lost gives the Lease up after ${record.durationSeconds} s`,
        `kubectl get pods -n ${namespace} -l app.kubernetes.io/component=sidecar`
      ),
    ];
  return lease && !lease.isHeld()
    ? [
        fails(
          `Lease ${one.name} could not be renewed, so that nothing may be written`,
          'see the checks of the cluster and of rights'
        ),
      ]
    : [fine(`this pod holds Lease ${one.name}: it may write the history`)];
}
