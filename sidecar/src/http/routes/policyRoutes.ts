import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { PolicyList, VolumePolicy } from '../../../api/index.ts';
import {
  ClusterQuery,
  PolicyList as PolicyListSchema,
  PolicyParams,
  PolicyQuery,
  Problem,
  VolumePolicyDetails,
} from '../../../api/index.ts';
import { notReady, notThere } from '../../backup/request/admission.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import { inTurns } from '../../inTurns.ts';
import type { Coverage } from '../../policy/coverage/coverage.ts';
import { limitsOf, scanLimit } from '../entry/limits.ts';
import type { ShowingRight } from '../rights/declared.ts';
import { inNamespace, onClaim } from '../rights/declared.ts';
import type { Rights } from '../rights/rights.ts';
import { scopeOf, toList } from '../rights/scope.ts';
import { visibleClaims } from '../rights/visibleClaims.ts';
import {
  detailsOfOneNamespace,
  detailsWithoutBackups,
  ofOneNamespace,
  toRead,
  withoutBackups,
} from '../views/policyView.ts';

export interface PolicyRoutes {
  inventory: Inventory;
  coverage: Coverage;
  rights: Rights;
  maxNamespaceScan: number;
}

const what = 'backups, restores and destinations';
const SHOWS_BACKUPS: ShowingRight = { ...inNamespace('list', 'backup'), what };
const SHOWS_BACKUPS_OF_CLAIM: ShowingRight = { ...onClaim('get', 'backup'), what };

/** The policy of the volumes: their schedules, how well they are protected, and what retention does. */
export const policyRoutes =
  (world: PolicyRoutes): FastifyPluginAsyncZod =>
  async app => {
    const { inventory, coverage, rights, maxNamespaceScan: maxScan } = world;

    app.get(
      '/policy',
      {
        config: {
          isTagged: true,
          rights: { needs: [inNamespace('list')], shows: [SHOWS_BACKUPS] },
        },
        schema: {
          summary: 'List the policies of volumes',
          description: 'With a strong ETag: `If-None-Match` gives 304 where nothing has changed.',
          querystring: PolicyQuery,
          response: { 200: PolicyListSchema, default: Problem },
        },
      },
      async (request, reply) => {
        const { caller, query } = request;
        const { claims, namespaces, isIncomplete, limit } = await visibleClaims(
          caller,
          query,
          world
        );
        const backups = await scopeOf(caller, rights, toList('backup'), namespaces, maxScan);
        const policies = await coverage.ofEach(claims);
        const seesAll = backups.isEverywhere;
        const seenBy = (policy: VolumePolicy): VolumePolicy => {
          if (!backups.has(policy.namespace)) return withoutBackups(policy);
          return seesAll ? policy : ofOneNamespace(policy);
        };
        const volumes = await inTurns(policies, policy => JSON.stringify(seenBy(policy)));
        const rest: Omit<PolicyList, 'volumes'> = {
          zeroTouch: coverage.isZeroTouch(),
          incomplete: isIncomplete,
          ...limitsOf(
            limit,
            scanLimit(
              [backups],
              'of volumes in other namespaces, backupsVisible is false although you may have the right'
            )
          ),
        };
        const text = `{"volumes":[${volumes.join()}],${JSON.stringify(rest).slice(1)}`;
        return reply.type('application/json; charset=utf-8').send(text as never);
      }
    );

    app.get(
      '/policy/:namespace/:name',
      {
        config: { rights: { needs: [onClaim('get')], shows: [SHOWS_BACKUPS_OF_CLAIM] } },
        schema: {
          summary: 'Read the policy of one volume',
          params: PolicyParams,
          querystring: ClusterQuery,
          response: { 200: VolumePolicyDetails, default: Problem },
        },
      },
      async ({ caller, params: { namespace, name } }) => {
        if (!inventory.isReady()) throw notReady();
        await rights.need(caller, toRead(namespace, name));
        const mayRead = await rights.has(caller, toRead(namespace, name, 'backup'));
        const claim = inventory.claim(namespace, name);
        if (!claim) throw notThere(inventory, namespace, name);
        const details = await coverage.of(claim);
        if (!mayRead) return detailsWithoutBackups(details);
        const seesAll = await rights.has(caller, toList('backup'));
        return seesAll ? details : detailsOfOneNamespace(details);
      }
    );
  };
