import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import type { RunWorld } from '../../sidecar/src/backup/run.ts';
import { runBackup } from '../../sidecar/src/backup/run.ts';
import { lane } from '../../sidecar/src/cluster/gateway/lane.ts';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import type { DirectTerms } from '../../sidecar/src/destinations/direct.ts';
import type { CommonSettings } from '../../sidecar/src/destinations/places/common.ts';
import { openWith } from '../../sidecar/src/destinations/places/common.ts';
import { s3 } from '../../sidecar/src/destinations/s3/kind.ts';
import { directDoubts } from '../../sidecar/src/helper/direct/doubts.ts';
import { sameLimits } from '../../sidecar/src/helper/wait/waitLimits.ts';
import type { JobEnd } from '../../sidecar/src/jobs/job.ts';
import { testClaim } from '../../sidecar/src/testing/cluster/testClaim.ts';
import { fixedPlaces } from '../../sidecar/src/testing/destinations/fixedPlaces.ts';
import { exampleHelperSettings } from '../../sidecar/src/testing/helper/exampleHelperSettings.ts';
import type { ProcessCluster } from '../../sidecar/src/testing/helper/processCluster.ts';
import { processCluster } from '../../sidecar/src/testing/helper/processCluster.ts';
import type { RequestProxy } from '../servers/requestProxy.ts';
import { startRequestProxy } from '../servers/requestProxy.ts';
import type { S3Server } from '../servers/s3Server.ts';

const MiB = 1024 ** 2;

/** A volume, a helper that is a process of this machine, and a bucket behind a proxy. */
export interface DirectWorld {
  /** The volume. */
  dir: string;
  bucket: string;
  cluster: ProcessCluster;
  destination: Destination;
  proxy: RequestProxy;
  /** Backs the volume up, once. */
  backUp(
    change?: Partial<RunWorld>,
    signal?: AbortSignal,
    asked?: Partial<Backup>
  ): Promise<JobEnd>;
  /** @returns all that the bucket holds, unfinished uploads and markers included. */
  held(): Promise<{ keys: string[]; uploads: number }>;
}

/** Whether a helper made the request: it carries its signature in its query. */
export const isOfHelper = ({ url }: { url: string }): boolean => url.includes('X-Amz-Signature=');

/** @returns the number of the part that a request sends. */
export const partOf = ({ url }: { url: string }): number =>
  Number(new URL(url, 'http://x').searchParams.get('partNumber'));

const run = {
  id: '01k0example0000000000000a1',
  namespace: 'shop',
  name: 'orders-db',
  uid: 'uid-1',
  createdAt: '2026-11-21T10:00:00.000Z',
  priority: 'on-demand',
  destinations: ['offsite'],
  attempt: 1,
  retryAt: null,
  queuePosition: null,
  requestedBy: 'system:admin',
} as Backup;

export interface DirectOptions {
  /** Bytes that do not compress. By default, the archive has three parts. */
  bytes?: number;
  /** Size of a part, from 5 MiB. By default, as NKVM chooses it. */
  partBytes?: number;
  settings?: Record<string, string>;
  /** Encryption. */
  common?: CommonSettings;
}

/** An archive that has three parts, too, and takes a third of the time: of the smallest that S3 takes. */
export const SMALL_PARTS: DirectOptions = { bytes: 11 * MiB, partBytes: 5 * MiB };

/** @returns the destination, as helpers with other terms see it. */
export const withTerms = (
  destination: Destination,
  change: (terms: DirectTerms) => Partial<DirectTerms>
): Destination => ({
  ...destination,
  stageDirect: async (key, sender, call) =>
    (await destination.stageDirect?.(
      key,
      { send: (terms, ...rest) => sender.send({ ...terms, ...change(terms) }, ...rest) },
      call
    )) ?? { otherwise: '' },
});

/** @param onEnd takes what is to be done at the end of the world: with that of the test, where nothing else is said. */
export async function directWorld(
  server: S3Server,
  { bytes = 36 * MiB, partBytes, settings = {}, common = {} }: DirectOptions = {},
  onEnd: (clear: () => Promise<void>) => void = onTestFinished
): Promise<DirectWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-direct-'));
  writeFileSync(join(dir, 'orders'), randomBytes(bytes));
  const bucket = await server.makeBucket();
  const proxy = await startRequestProxy(server);
  const cluster = processCluster(dir);
  const data = {
    ...server.settings(bucket),
    endpoint: proxy.endpoint,
    prefix: 'a b/c',
    ...settings,
  };
  const { destination: opened, archiveForm } = openWith(s3, s3.settings.parse(data), common, {
    name: 'offsite',
    installation: '0123456789abcdef',
    workDir: '/nowhere',
  });
  const destination = partBytes
    ? withTerms(opened, () => ({
        partSizes: [{ from: 1, bytes: partBytes }],
        expectedPart: partBytes,
      }))
    : opened;
  onEnd(async () => {
    await cluster.stop();
    await destination.close();
    await proxy.stop();
    rmSync(dir, { recursive: true });
  });
  const doubts = directDoubts(() => performance.now());
  let minutes = 0;
  return {
    ...{ dir, bucket, cluster, destination, proxy },
    backUp: (change = {}, signal = new AbortController().signal, asked = {}) =>
      runBackup(
        { ...run, ...asked },
        testClaim({ capacityBytes: 1024 ** 3 }),
        {
          cluster,
          readClaim: async () => ({
            ...{ uid: 'uid-1', labels: {}, annotations: {}, spec: {}, status: {} },
          }),
          places: fixedPlaces([destination], () => ({ archiveForm })),
          clusterName: 'test',
          identity: {
            clusterUid: 'cluster-1',
            installation: 'i',
            namespaceUidOf: () => 'namespace-1',
          },
          helperSettings: exampleHelperSettings,
          waitLimits: sameLimits(60_000),
          runTimeoutMs: 300_000,
          unpacking: lane(1),
          direct: doubts,
          proofPlans: (_, destinations) =>
            destinations.map(() => ({ by: 'server', level: 'checksum' })),
          version: '0.0.0',
          now: () => new Date(Date.UTC(2026, 10, 21, 10, (minutes += 1))),
          entriesBefore: () => undefined,
          ...change,
        },
        () => undefined,
        signal
      ),
    async held() {
      const client = server.client();
      try {
        const { Contents = [] } = await client.listObjectsV2({ Bucket: bucket });
        const { Uploads = [] } = await client.listMultipartUploads({ Bucket: bucket });
        return {
          keys: Contents.map(({ Key = '' }) => Key.split('/').at(-1) ?? ''),
          uploads: Uploads.length,
        };
      } finally {
        client.destroy();
      }
    },
  };
}
