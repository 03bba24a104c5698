import { accessOf } from '../cluster/gateway/access.ts';
import type { Gateway } from '../cluster/gateway/gateway.ts';
import type { Config } from '../config.ts';
import { checksOf } from '../doctor/checks.ts';
import type { Doctor } from '../doctor/doctor.ts';
import { doctorOf } from '../doctor/doctor.ts';
import { openLocalDoor, socketPath } from '../doctor/localDoor.ts';
import type { DoctorParts } from '../doctor/world.ts';
import { textOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { VERSION } from '../version.ts';
import type { Lifecycle } from './lifecycle.ts';

export interface DoctorStart {
  life: Lifecycle;
  config: Config;
  log: Log;
  gateway: Gateway;
  inPod: boolean;
  clusterName: string;
}

export interface StartedDoctor {
  doctor: Doctor;
  /** Parts that have started since. */
  learn(parts: Partial<DoctorParts>): void;
}

/** Starts the doctor before anything that may be what keeps NKVM from starting. */
export async function startDoctor(start: DoctorStart): Promise<StartedDoctor> {
  const { life, config, log, gateway, inPod, clusterName } = start;
  const parts: Partial<DoctorParts> = {};
  const now = () => new Date();
  const world = { config, gateway, access: accessOf(gateway), inPod, now, parts };
  const doctor = doctorOf({
    checks: checksOf(world, life.waitsFor),
    about: { version: VERSION, cluster: clusterName, namespace: config.namespace },
    waitsFor: life.waitsFor,
    now,
  });
  await life.start({
    name: 'the doctor',
    // Only the user of this process can open the socket: it sees everything.
    start: () =>
      openLocalDoor(socketPath(config.metadataDbPath), () =>
        doctor({ seesNamespaces: true, seesDestinations: true })
      ).catch(error => {
        log.warn({}, `nkvm doctor will not reach this process: ${textOf(error)}`);
        return undefined;
      }),
    stop: opened => opened?.close(),
  });
  return { doctor, learn: more => void Object.assign(parts, more) };
}
