/**
 * What one sidecar, one API server and one bucket can carry: `node tests/bench/scale.bench.ts`. A simulated day of
 * installations of several sizes, over each transport, with full backups alone and with increments. The costs are those that
 * transports.bench.ts and small.bench.ts have measured; docs/reference/scale.md says what follows from it.
 */
import type { Costs, Day, Installation } from './support/scaleModel.ts';
import { simulate } from './support/scaleModel.ts';

const TRANSPORTS: Record<string, Costs> = {
  exec: {
    perRun: { sidecar: 0.06, apiServer: 0.06 },
    perGigabyte: { sidecar: 4.6, apiServer: 1.7 },
    passesSidecar: true,
  },
  push: {
    perRun: { sidecar: 0.06, apiServer: 0.06 },
    perGigabyte: { sidecar: 2.3, apiServer: 0.02 },
    passesSidecar: true,
  },
  direct: {
    perRun: { sidecar: 0.06, apiServer: 0.06 },
    perGigabyte: { sidecar: 0.15, apiServer: 0.02 },
    passesSidecar: false,
  },
};

/** Volumes of 14 GB on average, of which 0.1 % changes in an hour. */
const GIGABYTES = 14;
const DAYS: Record<string, Day> = {
  'one full a day': { runs: 1, fullGigabytes: GIGABYTES, laterGigabytes: GIGABYTES },
  '24 fulls': { runs: 24, fullGigabytes: GIGABYTES, laterGigabytes: GIGABYTES },
  'a full, 23 increments': {
    ...{ runs: 24, fullGigabytes: GIGABYTES, laterGigabytes: GIGABYTES / 1_000 },
  },
};

/** The biggest settings, and what a medium node and a 25 Gb/s bucket give. */
const installationOf = (nodes: number, volumes: number): Installation => ({
  ...{ nodes, volumes, parallel: 64, parallelPerNode: 2 },
  ...{ sidecarCores: 1, apiServerCores: 4 },
  ...{ sidecarRate: 1.2, nodeRate: 0.25, bucketRate: 3 },
  podSeconds: 3,
});

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const VOLUMES_PER_NODE = 100;
const simulated = (volumes: number, costs: Costs, day: Day) =>
  simulate(installationOf(Math.ceil(volumes / VOLUMES_PER_NODE), volumes), costs, day);

/** @returns for how many volumes no run waits longer than an hour, to within 5 %. */
function most(costs: Costs, day: Day): number {
  let [fits, tooMany] = [1, 2_000_000];
  while (tooMany / fits > 1.05) {
    const volumes = Math.round(Math.sqrt(fits * tooMany));
    if (simulated(volumes, costs, day).longestWaitMinutes <= 60) fits = volumes;
    else tooMany = volumes;
  }
  return Number(fits.toPrecision(2));
}

const each = <T>(row: (transport: string, costs: Costs, name: string, day: Day) => T): T[] =>
  Object.entries(TRANSPORTS).flatMap(([transport, costs]) =>
    Object.entries(DAYS).map(([name, day]) => row(transport, costs, name, day))
  );

console.log('the most volumes that one installation carries');
console.table(
  each((transport, costs, day, runs) => {
    const volumes = most(costs, runs);
    const { used, limit } = simulated(volumes, costs, runs);
    const shares = Object.entries(used).map(([name, share]) => [name, percent(share)]);
    return { transport, day, volumes, ...Object.fromEntries(shares), limit };
  })
);
console.log('1,000 nodes with 100,000 volumes: what ends on the same day');
console.table(
  each((transport, costs, day, runs) => {
    const { ended, limit } = simulated(100_000, costs, runs);
    return { transport, day, ended: percent(ended), limit };
  })
);
