/** What one transport costs, in seconds of CPU; see docs/reference/speed.md for the measurements. */
export interface Costs {
  /** For each run, whatever its size. */
  perRun: { sidecar: number; apiServer: number };
  /** For each GB of a volume that is read. */
  perGigabyte: { sidecar: number; apiServer: number };
  /** Whether its bytes go through the network card of the sidecar. */
  passesSidecar: boolean;
}

/** The installation. Rates are GB of volume a second. */
export interface Installation {
  nodes: number;
  volumes: number;
  /** How many runs may go on at once (NKVM_MAX_PARALLEL), in all and on one node. */
  parallel: number;
  parallelPerNode: number;
  /** The sidecar is one process: its streams share one core. */
  sidecarCores: number;
  apiServerCores: number;
  sidecarRate: number;
  nodeRate: number;
  bucketRate: number;
  /** From the request to the first byte, and from the last one until the helper is gone. */
  podSeconds: number;
}

/** A day of one volume. Sizes are GB that are read and sent. */
export interface Day {
  runs: number;
  /** Of the first run of a day, a full one. */
  fullGigabytes: number;
  /** Of each later run: less than a full one where it is an increment. */
  laterGigabytes: number;
}

export type Resource = 'sidecar CPU' | 'API server CPU' | 'sidecar network' | 'bucket' | 'places';

export interface Outcome {
  /** Of the runs of a day, how many ended on that day: from 0 to 1. */
  ended: number;
  longestWaitMinutes: number;
  /** From 0 to 1, over the day. */
  used: Record<Resource, number>;
  limit: Resource;
}

const DAY_SECONDS = 86_400;
const STEP_SECONDS = 2;

interface Active {
  startsIn: number;
  gigabytes: number;
  endsIn: number;
  node: number;
}

/**
 * Lets one installation work for a day, in steps of 2 s. Runs are due evenly over each period, as schedules spread them, and
 * wait for a place; those under way share each resource equally.
 */
export function simulate(
  installation: Installation,
  costs: Costs,
  { runs, fullGigabytes, laterGigabytes }: Day
): Outcome {
  const { nodes, volumes, parallel, parallelPerNode, podSeconds } = installation;
  const all = volumes * runs;
  const perSecond = all / DAY_SECONDS;
  const used: Record<Resource, number> = {
    ...{ 'sidecar CPU': 0, 'API server CPU': 0 },
    ...{ 'sidecar network': 0, bucket: 0, places: 0 },
  };
  const onNode = new Uint16Array(nodes);
  let active: Active[] = [];
  let due = 0;
  let begun = 0;
  let ended = 0;
  let longestWait = 0;
  for (let now = 0; now < DAY_SECONDS; now += STEP_SECONDS) {
    due = Math.min(all, perSecond * (now + STEP_SECONDS));
    let started = 0;
    while (active.length < parallel && begun < Math.floor(due)) {
      const node = (begun * 7_919) % nodes;
      if ((onNode[node] ?? 0) >= parallelPerNode) break;
      onNode[node] = (onNode[node] ?? 0) + 1;
      // Each volume has its full run once a day, at another time than its neighbours.
      const isFull = (begun + Math.floor(begun / volumes)) % runs === 0;
      active.push({
        ...{ startsIn: podSeconds / 2, endsIn: podSeconds / 2, node },
        gigabytes: isFull ? fullGigabytes : laterGigabytes,
      });
      longestWait = Math.max(longestWait, now - (begun + 1) / perSecond);
      begun += 1;
      started += 1;
    }
    const streams = active.filter(({ startsIn, gigabytes }) => startsIn <= 0 && gigabytes > 0);
    const cpuForRuns = (resource: 'sidecar' | 'apiServer') => costs.perRun[resource] * started;
    const left = (cores: number, resource: 'sidecar' | 'apiServer') =>
      Math.max(0, cores * STEP_SECONDS - cpuForRuns(resource)) / STEP_SECONDS;
    const together = Math.min(
      left(installation.sidecarCores, 'sidecar') / Math.max(costs.perGigabyte.sidecar, 1e-9),
      left(installation.apiServerCores, 'apiServer') / Math.max(costs.perGigabyte.apiServer, 1e-9),
      costs.passesSidecar ? installation.sidecarRate : Infinity,
      installation.bucketRate
    );
    const rate = Math.min(installation.nodeRate, together / Math.max(1, streams.length));
    let moved = 0;
    for (const run of active) {
      if (run.startsIn > 0) run.startsIn -= STEP_SECONDS;
      else if (run.gigabytes > 0) {
        const more = Math.min(run.gigabytes, rate * STEP_SECONDS);
        run.gigabytes -= more;
        moved += more;
      } else run.endsIn -= STEP_SECONDS;
    }
    active = active.filter(({ endsIn, node }) => {
      if (endsIn > 0) return true;
      onNode[node] = (onNode[node] ?? 1) - 1;
      ended += 1;
      return false;
    });
    used['sidecar CPU'] += cpuForRuns('sidecar') + moved * costs.perGigabyte.sidecar;
    used['API server CPU'] += cpuForRuns('apiServer') + moved * costs.perGigabyte.apiServer;
    used['sidecar network'] += costs.passesSidecar ? moved : 0;
    used.bucket += moved;
    used.places += active.length * STEP_SECONDS;
  }
  used['sidecar CPU'] /= installation.sidecarCores * DAY_SECONDS;
  used['API server CPU'] /= installation.apiServerCores * DAY_SECONDS;
  used['sidecar network'] /= installation.sidecarRate * DAY_SECONDS;
  used.bucket /= installation.bucketRate * DAY_SECONDS;
  used.places /= parallel * DAY_SECONDS;
  const [limit] = (Object.entries(used) as [Resource, number][]).sort(
    ([one, a], [other, b]) => b - a || one.localeCompare(other)
  )[0] ?? ['places'];
  return { ended: ended / all, longestWaitMinutes: longestWait / 60, used, limit };
}
