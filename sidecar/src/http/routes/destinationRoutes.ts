import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  AppendOnly,
  CheckSettings,
  Destination,
  DestinationCheck,
  DestinationDetails,
  DestinationList,
  DestinationName,
  Problem,
  VolumeQuery,
} from '../../../api/index.ts';
import type { Catalogs } from '../../backup/catalog/keepCatalogs.ts';
import type { Action, Subject } from '../../cluster/gateway/access.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import type { Checks } from '../../destinations/places/checks.ts';
import { lengthLimit, limitsOf, scanLimit } from '../entry/limits.ts';
import { Refusal } from '../entry/problems.ts';
import type { ShowingRight } from '../rights/declared.ts';
import { inAllNamespaces, inNamespace, inNkvm } from '../rights/declared.ts';
import type { Rights } from '../rights/rights.ts';
import { everywhere } from '../rights/runAccess.ts';
import type { Scope } from '../rights/scope.ts';
import { scopeOf, toList } from '../rights/scope.ts';
import { whileConnected } from '../streams/whileConnected.ts';
import type { DestinationWorld } from '../views/destinationView.ts';
import { destinationOf } from '../views/destinationView.ts';

export interface DestinationRoutes extends DestinationWorld {
  checks: Checks;
  catalogs: Pick<Catalogs, 'of' | 'read'>;
  inventory: Pick<Inventory, 'namespaces'>;
  rights: Rights;
  maxNamespaceScan: number;
  installation: { namespace: string; cluster: string };
}

const Params = z.strictObject({ name: DestinationName });

/** How many volumes the details of a destination have. */
const MOST_VOLUMES = 200;

/** A caller who may back up may choose a destination. */
const NAMES = [inNkvm('get', 'destinations'), inNamespace('create', 'backup')];
const UPDATE = inNkvm('update', 'destinations', { param: 'name' });
const SHOWS_DETAILS: ShowingRight = {
  ...inNkvm('get', 'destinations'),
  what: 'where they are and how they do',
};
const SHOWS_MANAGING: ShowingRight = { ...inNkvm('update', 'destinations'), what: '`mayManage`' };
const SHOWS_SHARES: ShowingRight[] = [
  { ...inNamespace('list', 'backup'), what: 'what volumes have there' },
  { ...inAllNamespaces('get', 'archive'), what: 'what volumes of other clusters have there' },
];

/** Where archives are stored. Where exactly, and what is wrong there, is for those with a right to see it. */
export const destinationRoutes =
  (world: DestinationRoutes): FastifyPluginAsyncZod =>
  async app => {
    const { places, checks, catalogs, inventory, rights, installation } = world;
    const { maxNamespaceScan: maxScan } = world;

    const right = (verb: 'get' | 'update', name?: string): Action => ({
      verb,
      group: 'nkvm.io',
      resource: 'destinations',
      namespace: installation.namespace,
      ...(name !== undefined && { name }),
    });
    /**
     * A caller who may back up may choose a destination.
     * @param namespace where the caller may back up; absent: it is looked for
     * @throws Refusal (403) when the caller may do neither
     */
    const mayKnow = async (
      caller: Subject,
      { name, namespace }: { name?: string; namespace?: string | undefined }
    ): Promise<boolean> => {
      if (await rights.has(caller, right('get', name))) return true;
      const backUp = { ...toList('backup'), verb: 'create' } as const;
      if (namespace !== undefined) {
        await rights.need(caller, { ...backUp, namespace });
        return false;
      }
      const namespaces = inventory.namespaces();
      const scope = await scopeOf(caller, rights, backUp, namespaces, maxScan);
      if (scope.isEverywhere || namespaces.some(scope.has)) return false;
      if (scope.isIncomplete) throw notFound(caller, scope);
      await rights.need(caller, right('get'));
      return false;
    };
    const view = (name: string, knows: boolean): Destination => {
      const shown = destinationOf(name, world, knows);
      if (!shown) throw notThere(name);
      return shown;
    };

    app.get(
      '/destinations',
      {
        config: { rights: { needs: [NAMES], shows: [SHOWS_DETAILS, SHOWS_MANAGING] } },
        schema: {
          summary: 'List destinations',
          description:
            'Where backups can go. Where they are and how they do needs `get destinations.nkvm.io` in the namespace of NKVM.',
          querystring: VolumeQuery,
          response: { 200: DestinationList, default: Problem },
        },
      },
      async ({ caller, query }) => {
        const knows = await mayKnow(caller, query);
        return {
          destinations: places.all().map(({ name }) => view(name, knows)),
          mayManage: await rights.has(caller, right('update')),
        };
      }
    );

    app.get(
      '/destinations/:name',
      {
        config: { rights: { needs: [NAMES], shows: [SHOWS_DETAILS, ...SHOWS_SHARES] } },
        schema: {
          summary: 'Read one destination',
          description:
            'With what its volumes have there, as far as the caller may list backups of their namespaces.',
          params: Params,
          querystring: VolumeQuery,
          response: { 200: DestinationDetails, default: Problem },
        },
      },
      async ({ caller, params: { name }, query }) => {
        const knows = await mayKnow(caller, { ...query, name });
        const destination = view(name, knows);
        const shares = knows ? catalogs.of(name)?.volumes ?? [] : [];
        const namespaces = [...new Set(shares.filter(isOwn).map(({ namespace }) => namespace))];
        const scope = await scopeOf(caller, rights, toList('backup'), namespaces, maxScan);
        const maySeeAll = await rights.has(caller, everywhere('get', 'archive'));
        const volumes = shares.filter(share =>
          isOwn(share) ? scope.has(share.namespace) : maySeeAll
        );
        return {
          destination,
          volumes: volumes.slice(0, MOST_VOLUMES),
          ...limitsOf(
            scanLimit([scope], 'volumes of other namespaces are missing'),
            lengthLimit(
              volumes.length,
              MOST_VOLUMES,
              'volumes, those with the most bytes',
              'GET /api/v1/backups?namespace=NAME&name=CLAIM lists the backups of one of the others'
            )
          ),
        };
      }
    );
    const isOwn = ({ cluster }: { cluster: string }) => cluster === installation.cluster;

    app.post(
      '/destinations/check',
      {
        config: { rights: { needs: [inNkvm('create', 'destinations')] } },
        schema: {
          summary: 'Test settings of a destination',
          description:
            'The settings are not kept. Everything that a backup does is done with a small file.',
          body: CheckSettings,
          response: { 200: DestinationCheck, default: Problem },
        },
      },
      async ({ body }, reply) => await checks.checkSettings(body, whileConnected(reply))
    );

    app.post(
      '/destinations/:name/check',
      {
        config: { rights: { needs: [UPDATE] } },
        schema: {
          summary: 'Test a destination',
          description:
            'Writes a small file, reads it back, renames and deletes it, and names the step that fails.',
          params: Params,
          response: { 200: DestinationCheck, default: Problem },
        },
      },
      async ({ params: { name } }, reply) => {
        const result = await checks.check(name, whileConnected(reply));
        if (!result) throw notThere(name);
        return result;
      }
    );

    app.post(
      '/destinations/:name/append-only',
      {
        config: { rights: { needs: [UPDATE] } },
        schema: {
          summary: 'Find out whether archives can be deleted there',
          description:
            'Stores a small file and tries to delete it with the credentials that NKVM has.',
          params: Params,
          response: { 200: AppendOnly, default: Problem },
        },
      },
      async ({ params: { name } }, reply) => {
        const result = await checks.checkAppendOnly(name, whileConnected(reply));
        if (!result) throw notThere(name);
        return result;
      }
    );

    app.post(
      '/destinations/:name/catalog',
      {
        config: { rights: { needs: [UPDATE] } },
        schema: {
          summary: 'Read what is stored there',
          description:
            'Lists all archives and takes backups into the history that it does not know. It goes on after the answer; `catalog.readAt` says when it has ended.',
          params: Params,
          response: { 202: Destination, default: Problem },
        },
      },
      async ({ params: { name } }, reply) => {
        if (!places.get(name)) throw notThere(name);
        void catalogs.read(name);
        return reply.code(202).send(view(name, true));
      }
    );
  };

const notFound = ({ username }: Subject, { asked }: Scope): Refusal =>
  new Refusal(
    403,
    'Forbidden',
    `${username} may not get destinations.nkvm.io, and may not create persistentvolumeclaims/backup in the first ${asked} namespaces, where it was looked up`,
    'name a namespace in which you may back up: GET /api/v1/destinations?namespace=NAME'
  );

const notThere = (name: string): Refusal =>
  new Refusal(
    404,
    'DestinationNotFound',
    `there is no destination ${name}`,
    'GET /api/v1/destinations lists all destinations'
  );
