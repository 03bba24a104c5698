import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import {
  ClusterQuery,
  Problem,
  Volume,
  VolumeList,
  VolumeQuery,
  VolumeRef,
} from '../../../api/index.ts';
import { notReady, notThere } from '../../backup/request/admission.ts';
import type { OpenNamespaces } from '../../backup/request/openNamespaces.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import type { History } from '../../history/history.ts';
import { limitsOf, scanLimit } from '../entry/limits.ts';
import { inNamespace, onClaim, SHOWS_OF_VOLUME, SHOWS_OF_VOLUMES } from '../rights/declared.ts';
import type { Rights } from '../rights/rights.ts';
import { visibleClaims } from '../rights/visibleClaims.ts';
import type { VolumeViewWorld } from '../views/volumeView.ts';
import { mayBackUpEach, rightsOnVolume, volumeOf, volumeScopes } from '../views/volumeView.ts';

export interface VolumeRoutes extends Pick<VolumeViewWorld, 'readsAs'> {
  inventory: Inventory;
  history: History;
  open: Pick<OpenNamespaces, 'known'>;
  rights: Rights;
  maxNamespaceScan: number;
}

/** The volumes, each with its owner and its protection. */
export const volumeRoutes =
  (world: VolumeRoutes): FastifyPluginAsyncZod =>
  async app => {
    const { inventory, rights, maxNamespaceScan: maxScan } = world;

    app.get(
      '/volumes',
      {
        config: {
          isTagged: true,
          rights: { needs: [inNamespace('list')], shows: SHOWS_OF_VOLUMES },
        },
        schema: {
          summary: 'List volumes',
          description: 'With a strong ETag: `If-None-Match` gives 304 where nothing has changed.',
          querystring: VolumeQuery,
          response: { 200: VolumeList, default: Problem },
        },
      },
      async ({ caller, query }, reply) => {
        const { claims, namespaces, isIncomplete, limit } = await visibleClaims(
          caller,
          query,
          world
        );
        const scopes = await volumeScopes(caller, rights, namespaces, maxScan);
        const mayBackUp = await mayBackUpEach(caller, rights, claims, scopes, maxScan);
        const volumes = await Promise.all(
          claims.map(claim =>
            volumeOf(
              claim,
              {
                backups: scopes.backups.has(claim.namespace),
                pods: scopes.pods.has(claim.namespace),
                isPodsUnknown: !scopes.pods.isKnown(claim.namespace),
                backUp: mayBackUp.has(claim),
              },
              world
            )
          )
        );
        const list: VolumeList = {
          volumes,
          stale: inventory.problems(),
          incomplete: isIncomplete,
          ...limitsOf(
            limit,
            scanLimit(
              Object.values(scopes),
              'of volumes in other namespaces, podsVisible, backupsVisible and mayBackUp are false although you may have the right'
            ),
            mayBackUp.limit
          ),
        };
        return reply.type('application/json; charset=utf-8').send(JSON.stringify(list) as never);
      }
    );

    app.get(
      '/volumes/:namespace/:name',
      {
        config: { rights: { needs: [onClaim('get')], shows: SHOWS_OF_VOLUME } },
        schema: {
          summary: 'Read one volume',
          params: VolumeRef,
          querystring: ClusterQuery,
          response: { 200: Volume, default: Problem },
        },
      },
      async ({ caller, params: { namespace, name } }) => {
        if (!inventory.isReady()) throw notReady();
        const may = await rightsOnVolume(caller, rights, namespace, name);
        const claim = inventory.claim(namespace, name);
        if (!claim) throw notThere(inventory, namespace, name);
        return await volumeOf(claim, may, world);
      }
    );
  };
