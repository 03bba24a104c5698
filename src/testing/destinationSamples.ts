import {
  type CheckStep,
  Destination,
  DestinationCheck,
  DestinationDetails,
  DestinationList,
  DestinationProblem,
} from '../../sidecar/api';
import { CHECK_STEPS } from '../../sidecar/api/names.ts';

const GIB = 1024 ** 3;
const HOUR_MS = 3_600_000;

const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();

export const aProblem = (differs: Partial<DestinationProblem> = {}): DestinationProblem =>
  DestinationProblem.parse({
    stage: 'copy',
    reason: 'LoginRefused',
    message: 'sftp://nas.example.com refuses the login of nkvm',
    hint: 'correct user name and password in the Secret offsite',
    failureClass: 'needs-action',
    ...differs,
  });

/** A bucket that works; tests say only in what theirs differs. */
export const aDestination = (differs: Partial<Destination> = {}): Destination =>
  Destination.parse({
    name: 'offsite',
    kind: 's3',
    isDefault: true,
    isRequired: true,
    isInsecure: false,
    state: 'ready',
    location: 's3://backups/cluster-1 at https://s3.example.com',
    problem: null,
    retryAt: null,
    lastProvenAt: ago(2),
    lastReadBackAt: ago(50),
    freeBytes: null,
    catalog: { archives: 120, bytes: 900 * GIB, onlyHere: 3, foreign: 0, readAt: ago(1) },
    catalogProblem: null,
    encryption: null,
    appendOnly: null,
    ...differs,
  });

/** The directory of the installation. */
export const theLocal = (differs: Partial<Destination> = {}): Destination =>
  aDestination({
    name: 'local',
    kind: 'local',
    location: '/backups',
    freeBytes: 80 * GIB,
    catalog: { archives: 40, bytes: 12 * GIB, onlyHere: 0, foreign: 2, readAt: ago(1) },
    ...differs,
  });

export const destinationList = (destinations: Destination[], mayManage = true): DestinationList =>
  DestinationList.parse({ destinations, mayManage });

export const destinationDetails = (
  destination: Destination,
  volumes: DestinationDetails['volumes'] = []
): DestinationDetails => DestinationDetails.parse({ destination, volumes });

type Failing = Pick<CheckStep, 'step'> & { problem: DestinationProblem };

/** A test that passes, or fails at a step; those after it are skipped. */
export function aDestinationCheck(
  failing?: Failing,
  differs: Partial<DestinationCheck> = {}
): DestinationCheck {
  const at = failing ? CHECK_STEPS.indexOf(failing.step) : CHECK_STEPS.length;
  return DestinationCheck.parse({
    passed: !failing,
    at: ago(0),
    steps: CHECK_STEPS.map((step, index) => ({
      step,
      state: index < at ? 'passed' : index === at ? 'failed' : 'skipped',
      durationMs: index <= at ? 12 : 0,
      detail: step === 'resolve' && index < at ? 's3.example.com is 203.0.113.7' : '',
      problem: index === at ? failing!.problem : null,
    })),
    hostKey: null,
    ...differs,
  });
}
