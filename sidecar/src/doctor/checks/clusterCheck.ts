import { text } from 'node:stream/consumers';
import type { DoctorFinding } from '../../../api/index.ts';
import type { Gateway } from '../../cluster/gateway/gateway.ts';
import { readClusterUid } from '../../cluster/inventory/namespaces.ts';
import { fails, failsBy, fine, warns } from '../finding.ts';

const LIMIT_MS = 8_000;

const TO_DO = 'see that the API server answers, and that NKVM may call it';

/** The API server about itself. */
export interface Seen {
  version: string;
  /** Undefined: its answer has no valid header `Date`. */
  date: Date | undefined;
  /** When the question began and when the answer came, by the clock of this machine. */
  asked: Date;
  answered: Date;
}

/** @throws ApiFailure */
export async function askCluster(
  gateway: Pick<Gateway, 'stream'>,
  now: () => Date,
  signal: AbortSignal
): Promise<Seen> {
  const limits = { limitMs: LIMIT_MS, tryMs: LIMIT_MS, silenceMs: LIMIT_MS };
  const asked = now();
  const response = await gateway.stream({ path: '/version', ...limits, lane: 'rest', signal });
  const answered = now();
  const date = new Date(response.headers.date ?? '');
  const { gitVersion } = versionOf(await text(response));
  return {
    version: gitVersion ?? 'of an unknown version',
    date: Number.isNaN(date.getTime()) ? undefined : date,
    ...{ asked, answered },
  };
}

function versionOf(body: string): { gitVersion?: string } {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    throw new Error('what answers is not an API server');
  }
}

/** @param knownUid the identity that this process has begun with; undefined: not known yet */
export async function checkCluster(
  seen: Promise<Seen>,
  gateway: Pick<Gateway, 'json'>,
  knownUid: string | undefined,
  signal: AbortSignal
): Promise<DoctorFinding[]> {
  let version: string;
  try {
    ({ version } = await seen);
  } catch (error) {
    return [failsBy('the API server does not answer', error, TO_DO)];
  }
  try {
    const uid = await readClusterUid(gateway, signal);
    if (knownUid !== undefined && uid !== knownUid)
      return [
        fails(
          `the cluster has identity ${uid}, and NKVM has started with ${knownUid}: it is another cluster`,
          'restart NKVM'
        ),
      ];
    return [fine(`Kubernetes ${version} answers; the identity of the cluster is ${uid}`)];
  } catch (error) {
    const what = `Kubernetes ${version} answers, and the identity of the cluster cannot be read`;
    return [failsBy(what, error, 'see the check of rights')];
  }
}

/** Tokens, schedules and certificates depend on it. */
const WARNS_MS = 30_000;
const FAILS_MS = 5 * 60_000;
/** The header counts whole seconds. */
const STEP_MS = 1_000;

/** @returns by how much the clock of this machine is ahead of that of the API server, in milliseconds; 0: not measurably */
export function clockAhead({ date, asked, answered }: Seen & { date: Date }): number {
  const earliest = date.getTime();
  const latest = earliest + STEP_MS;
  // The answer was dated at some moment between the question and the answer.
  if (asked.getTime() > latest) return asked.getTime() - latest;
  if (answered.getTime() < earliest) return answered.getTime() - earliest;
  return 0;
}

export function checkClock(seen: Seen): DoctorFinding[] {
  const { date } = seen;
  if (!date)
    return [
      warns('the API server does not say what time it is', 'compare the clocks of the nodes'),
    ];
  const aheadMs = clockAhead({ ...seen, date });
  if (aheadMs === 0) return [fine('the clock agrees with that of the API server')];
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const text = `the clock is ${seconds} s ${
    aheadMs > 0 ? 'ahead of' : 'behind'
  } that of the API server`;
  const toDo =
    'set the clocks of the nodes, e.g. with chrony: schedules, retention and tokens depend on them';
  if (Math.abs(aheadMs) >= FAILS_MS) return [fails(text, toDo)];
  return Math.abs(aheadMs) >= WARNS_MS ? [warns(text, toDo)] : [fine(text)];
}
