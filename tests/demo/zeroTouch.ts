import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { until } from '../cluster/support/until.ts';
import type { Playground } from '../playground/playground.ts';
import type { Draft } from '../playground/store/object.ts';

const DIRECTORY = join(import.meta.dirname, '../../deploy/k8s/zero-touch');
const LIMIT_MS = 60_000;

/** The objects of deploy/k8s/zero-touch, as they are applied to a real cluster. */
export const zeroTouch = (): Draft[] =>
  readdirSync(DIRECTORY)
    .filter(file => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .flatMap(file => parseAllDocuments(readFileSync(join(DIRECTORY, file), 'utf8')))
    .map(document => document.toJS() as Draft);

export const WIKI = { namespace: 'shop', name: 'wiki' };

/** A workload and its claim with the label `backup`, as a person keeps them in a manifest: it says nothing about restores. */
export const wiki = (): Draft[] => {
  const labels = { app: WIKI.name };
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { ...WIKI, labels: { backup: 'hourly' } },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'fast',
        resources: { requests: { storage: '1Gi' } },
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: WIKI,
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: 'main',
                image: 'docker.io/library/debian:stable',
                command: ['sh', '-c', 'while :; do sleep 3600; done'],
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: WIKI.name } }],
          },
        },
      },
    },
  ];
};

interface Claim {
  metadata: { uid: string; annotations?: Record<string, string> };
  status?: { phase?: string };
}

export interface Deleted {
  /** Digest of all files that were in the volume. */
  files: string;
}

export interface CameBack {
  /** Id of the backup that the claim was restored from. */
  backup: string;
  /** The volume has the same files as before, byte for byte. */
  isSame: boolean;
}

/** Deletes the wiki and its claim, as a person would with kubectl. Kubernetes deletes the volume with all that is in it. */
export async function deleteWiki({ playground, kubeUrl }: Where): Promise<Deleted> {
  const files = digestOf(playground.volumePath(WIKI.namespace, WIKI.name));
  for (const path of [pathOf('/apis/apps/v1', 'deployments'), CLAIM]) {
    const { ok, status } = await fetch(kubeUrl + path, { method: 'DELETE' });
    if (!ok) throw new Error(`${path} cannot be deleted: ${status}`);
  }
  await until(
    'the claim is gone',
    async () => (await fetch(kubeUrl + CLAIM)).status === 404,
    LIMIT_MS
  );
  return { files };
}

/** Applies the manifest again, and waits until the claim is bound. */
export async function applyWikiAgain(
  { playground, kubeUrl }: Where,
  { files }: Deleted
): Promise<CameBack> {
  playground.apply(wiki());
  const { metadata } = await boundWiki(kubeUrl);
  const backup = metadata.annotations?.['nkvm.io/restored-from'];
  if (!backup) throw new Error('the claim is bound, and was not restored');
  return { backup, isSame: digestOf(playground.volumePath(WIKI.namespace, WIKI.name)) === files };
}

/** Waits until the claim has its volume. */
export const boundWiki = (kubeUrl: string): Promise<Claim> =>
  until(
    `claim ${WIKI.namespace}/${WIKI.name} is bound`,
    async () => {
      const claim = (await (await fetch(kubeUrl + CLAIM)).json()) as Claim;
      if (claim.status?.phase === 'Bound') return claim;
      throw new Error(claim.status?.phase ?? 'it is not there');
    },
    LIMIT_MS
  );

export interface Where {
  playground: Pick<Playground, 'apply' | 'volumePath'>;
  /** The API server, as an administrator. */
  kubeUrl: string;
}

const pathOf = (group: string, resource: string): string =>
  `${group}/namespaces/${WIKI.namespace}/${resource}/${WIKI.name}`;
const CLAIM = pathOf('/api/v1', 'persistentvolumeclaims');

/** @returns a digest of names, contents and links below a directory. */
function digestOf(directory: string): string {
  const hash = createHash('sha256');
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
    .map(entry => ({ entry, path: join(entry.parentPath, entry.name) }))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
  for (const { entry, path } of entries) {
    hash.update(`${path.slice(directory.length)}\0`);
    if (entry.isFile()) hash.update(readFileSync(path));
    if (entry.isSymbolicLink()) hash.update(readlinkSync(path));
  }
  return hash.digest('hex');
}
