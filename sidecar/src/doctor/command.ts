import type { DoctorReport } from '../../api/index.ts';
import { accessOf } from '../cluster/gateway/access.ts';
import { connect } from '../cluster/gateway/connection.ts';
import { gatewayOf } from '../cluster/gateway/gateway.ts';
import type { Config } from '../config.ts';
import { textOf } from '../errors.ts';
import { VERSION } from '../version.ts';
import { checksOf } from './checks.ts';
import { doctorOf } from './doctor.ts';
import { fails } from './finding.ts';
import { askLocalDoor, socketPath } from './localDoor.ts';

/** As the exit codes of monitoring plugins are. */
export const EXIT_CODES = { ok: 0, warning: 1, failed: 2 } as const;

/** As sysexits.h has it: the command was used in a wrong way, or a setting is wrong. */
export const USAGE_CODE = 64;

/** Longer than the limit of a check, which the process itself keeps. */
const ANSWER_MS = 15_000;

/**
 * @returns the report of the process that runs with these settings. Where it does not answer, the checks that need no other
 *   process are made here.
 */
export async function reportOf(config: Config, answerMs = ANSWER_MS): Promise<DoctorReport> {
  try {
    return await askLocalDoor(socketPath(config.metadataDbPath), answerMs);
  } catch (error) {
    return await ownReport(config, textOf(error));
  }
}

async function ownReport(config: Config, why: string): Promise<DoctorReport> {
  const { kubeConfig, clusterName, inPod } = connect(config.cluster);
  const gateway = gatewayOf(kubeConfig);
  const now = () => new Date();
  const waitsFor = () => 'the process of NKVM does not answer';
  try {
    const world = { config, gateway, access: accessOf(gateway), inPod, now, parts: {} };
    const doctor = doctorOf({
      checks: {
        ...checksOf(world, waitsFor),
        process: async () => [
          fails(
            `${waitsFor()} (${why}): it does not run, starts right now, or is stuck; the other checks were made without it`,
            'see its log; Kubernetes restarts it when it is stuck for a minute',
            `kubectl logs -n ${config.namespace} deploy/nkvm`
          ),
        ],
      },
      about: { version: VERSION, cluster: clusterName, namespace: config.namespace },
      ...{ waitsFor, now },
    });
    return await doctor({ seesNamespaces: true, seesDestinations: true });
  } finally {
    gateway.stop();
  }
}
