import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { DEFAULT_ANNOTATION, DESTINATION_LABEL } from '../../../sidecar/api/names.ts';
import { API_ADDRESS } from '../../cluster/machine/paths.ts';
import { kubectl } from '../../cluster/support/kubectl.ts';
import type { VersitygwOptions, VersitygwServer } from '../../servers/versitygw.ts';
import { startVersitygw, versitygwMissing } from '../../servers/versitygw.ts';
import { applyIn } from './volume.ts';
import type { Relay, RelayOptions } from './wire.ts';
import { relay, wire } from './wire.ts';

/**
 * How an archive leaves its helper pod:
 *
 * | | way of the archive | destination of the tests |
 * | --- | --- | --- |
 * | `exec` | through the API server to the sidecar | a directory |
 * | `push` | to the push port of the sidecar | a directory |
 * | `direct` | to an S3 server; one that fits into a single part goes through the sidecar | a bucket |
 */
export const TRANSPORTS = ['exec', 'push', 'direct'] as const;
export type Transport = (typeof TRANSPORTS)[number];

const ASKED = TRANSPORTS.find(name => name === process.env.NKVM_TEST_TRANSPORT);

/** The transport of tests that do not name one. */
export const USUAL: Transport = ASKED ?? 'exec';

/** The same for tests of a directory, where no archive is sent directly. */
export const TO_DIRECTORY: Transport = USUAL === 'direct' ? 'exec' : USUAL;

/** The transports that a test runs over where they matter: all of these, or the one that the suite is run with. */
export const over = (...transports: Transport[]): Transport[] =>
  transports.filter(each => ASKED === undefined || each === ASKED);

/** @returns the rows of a table whose transport, the last column, is one of those that the suite is run with. */
export const rowsOver = <Row extends [...unknown[], Transport]>(rows: Row[]): Row[] =>
  rows.filter(row => over(row.at(-1) as Transport).length > 0);

/** The settings of a sidecar, and where its archives are, as files of this machine. */
export interface Ground {
  readonly env: Record<string, string>;
  /** Undefined: in the directory of the sidecar. */
  readonly backups?: string;
}

const EXEC_ENV = { NKVM_PUSH_PORT: '', NKVM_PUSH_ADDRESS: '' };

/** Settings of a sidecar beside the cluster to which helper pods connect without anything in between. */
const PUSH_ENV: Record<string, string> = {
  NKVM_HTTP_HOST: '0.0.0.0',
  NKVM_PUSH_PORT: '0',
  NKVM_PUSH_ADDRESS: API_ADDRESS,
};

/**
 * All that a sidecar needs to send its archives this way. It ends with the test.
 * @param namespace of the sidecar, where it has one
 */
export async function groundFor(transport: Transport, namespace?: string): Promise<Ground> {
  if (transport === 'direct') {
    const server = await s3Server();
    return await groundIn(server, server.endpoint, namespace);
  }
  return { env: transport === 'push' ? PUSH_ENV : EXEC_ENV };
}

/** The same, with a proxy for the archives that the test controls. */
export async function heldGround(
  transport: Transport,
  change?: RelayOptions['change']
): Promise<{ way: Relay; ground: Ground }> {
  switch (transport) {
    case 'exec': {
      const way = await wire(undefined, change);
      return { way, ground: { env: { ...EXEC_ENV, NKVM_KUBECONFIG: way.kubeconfig } } };
    }
    case 'push': {
      // The sidecar takes the same port of another address.
      const way = await relay({ host: API_ADDRESS, meters: 'requests', change });
      const env = {
        NKVM_HTTP_HOST: '127.0.0.1',
        NKVM_PUSH_PORT: `${way.port}`,
        NKVM_PUSH_ADDRESS: API_ADDRESS,
        NKVM_PUSH_SOURCE: 'any', // the way has an address of its own
      };
      return { way, ground: { env } };
    }
    case 'direct': {
      const server = await s3Server();
      const { host, port } = server;
      const way = await relay({
        ...{ host: API_ADDRESS, to: { host, port }, meters: 'requests', change },
        // The parts of an archive have several connections, and the sidecar has its own.
        ...{ isOfArchive: isOfPod, together: true },
      });
      return { way, ground: await groundIn(server, `http://${API_ADDRESS}:${way.port}`) };
    }
  }
}

/** @param options of the S3 server, e.g. a directory that is a small file system */
export async function bucketGround(options: VersitygwOptions = {}): Promise<Ground> {
  const server = await s3Server(options);
  return await groundIn(server, server.endpoint);
}

async function s3Server(options: VersitygwOptions = {}): Promise<VersitygwServer> {
  if (versitygwMissing) throw new Error(versitygwMissing);
  const server = await startVersitygw({ host: API_ADDRESS, ...options });
  onTestFinished(() => server.stop());
  return server;
}

const isOfPod = (address: string): boolean => /^(::ffff:)?10\.98\./.test(address);

let made = 0;

/** Makes a bucket the default destination of a sidecar, which has a namespace of its own for that. */
async function groundIn(
  server: VersitygwServer,
  endpoint: string,
  namespace = `faults-places-${process.pid}-${++made}`
): Promise<Ground> {
  const bucket = await server.makeBucket();
  onTestFinished(() => {
    kubectl(['delete', `namespace/${namespace}`, '--ignore-not-found', '--wait=false']);
  });
  applyIn(namespace, [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        ...{ name: 'bucket', namespace },
        labels: { [DESTINATION_LABEL]: 's3' },
        annotations: { [DEFAULT_ANNOTATION]: 'true' },
      },
      stringData: { ...server.settings(bucket), endpoint },
    },
  ]);
  return { env: { ...EXEC_ENV, NKVM_NAMESPACE: namespace }, backups: join(server.files, bucket) };
}
