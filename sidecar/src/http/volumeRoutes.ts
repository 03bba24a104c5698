import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { Problem, Volume, VolumeList, VolumeQuery, VolumeRef } from '../../api/index.ts';
import { notReady, notThere } from '../backup/admission.ts';
import { obstacleOf } from '../backup/obstacle.ts';
import type { OpenNamespaces } from '../backup/openNamespaces.ts';
import type { Action } from '../cluster/access.ts';
import type { Claim, Inventory } from '../cluster/inventory.ts';
import type { ClaimHistory, History } from '../history/history.ts';
import type { Rights } from './rights.ts';
import { readableNamespaces } from './scope.ts';

export interface VolumeRoutes {
  inventory: Inventory;
  history: History;
  open: Pick<OpenNamespaces, 'known'>;
  rights: Rights;
  maxNamespaceScan: number;
}

const NOT_VISIBLE: ClaimHistory = { lastBackup: null, lastSuccess: null };

/** The volumes, each with its owner and its protection. */
export const volumeRoutes =
  (world: VolumeRoutes): FastifyPluginAsyncZod =>
  async app => {
    const { inventory, history, open, rights, maxNamespaceScan } = world;

    const volumeOf = async (claim: Claim, backupsVisible: boolean): Promise<Volume> => {
      return {
        ...seenOf(claim),
        obstacle: obstacleOf(claim, await open.known(claim.namespace)),
        backupsVisible,
        ...(backupsVisible ? history.ofClaim(claim.uid, claim.namespace, claim.name) : NOT_VISIBLE),
      };
    };

    app.get(
      '/volumes',
      {
        schema: {
          summary: 'List volumes',
          querystring: VolumeQuery,
          response: { 200: VolumeList, default: Problem },
        },
      },
      async request => {
        if (!inventory.isReady()) throw notReady();
        const { caller, query } = request;
        const seen = await readableNamespaces(
          caller,
          rights,
          undefined,
          query,
          inventory.namespaces(),
          maxNamespaceScan
        );
        const claims = inventory
          .claims(query.namespace)
          .filter(({ namespace }) => !seen || seen.has(namespace));
        const namespaces = [...new Set(claims.map(({ namespace }) => namespace))];
        const withBackups = await readableNamespaces(
          caller,
          rights,
          'backup',
          {},
          namespaces,
          maxNamespaceScan
        ).catch(noneOnRefusal);
        const volumes = await Promise.all(
          claims.map(claim => volumeOf(claim, !withBackups || withBackups.has(claim.namespace)))
        );
        return { volumes };
      }
    );

    app.get(
      '/volumes/:namespace/:name',
      {
        schema: {
          summary: 'Read one volume',
          params: VolumeRef,
          response: { 200: Volume, default: Problem },
        },
      },
      async request => {
        if (!inventory.isReady()) throw notReady();
        const { namespace, name } = request.params;
        await rights.need(request.caller, toGet(namespace, name));
        const claim = inventory.claim(namespace, name);
        if (!claim) throw notThere(inventory, namespace, name);
        const backupsVisible = await rights.has(request.caller, {
          ...toGet(namespace, name),
          subresource: 'backup',
        });
        return await volumeOf(claim, backupsVisible);
      }
    );
  };

const toGet = (namespace: string, name: string): Action => ({
  verb: 'get',
  group: '',
  resource: 'persistentvolumeclaims',
  namespace,
  name,
});

/** What a caller sees of a claim, without what only helpers need. */
const seenOf = (claim: Claim) => ({
  namespace: claim.namespace,
  name: claim.name,
  uid: claim.uid,
  phase: claim.phase,
  capacityBytes: claim.capacityBytes,
  requestedBytes: claim.requestedBytes,
  accessModes: claim.accessModes,
  volumeMode: claim.volumeMode,
  storageClass: claim.storageClass,
  node: claim.node,
  labels: claim.labels,
  createdAt: claim.createdAt,
  pods: claim.pods,
  owner: claim.owner,
});

/** Somebody who may see volumes but no backups gets the volumes. */
const noneOnRefusal = (error: unknown): ReadonlySet<string> => {
  if ((error as { status?: number }).status === 403) return new Set();
  throw error;
};
