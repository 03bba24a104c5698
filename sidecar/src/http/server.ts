import swagger from '@fastify/swagger';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Fastify, { LogController } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Problem } from '../../api/index.ts';
import type { Access } from '../cluster/gateway/access.ts';
import type { Places } from '../destinations/places.ts';
import type { WatchedTrail } from '../history/audit/auditTrail.ts';
import { recordCalls } from './audit/recordCalls.ts';
import { targetWorld } from './audit/targetWorld.ts';
import type { OtherClusters } from './clusters/clusters.ts';
import { noOtherClusters, reviewsIn } from './clusters/clusters.ts';
import { perCluster } from './clusters/perCluster.ts';
import { downloadTickets } from './downloads/downloadTickets.ts';
import { fileSender } from './downloads/fileSender.ts';
import { fairRequests } from './entry/fairRequests.ts';
import type { Methods } from './entry/methods.ts';
import { methodsOfPaths } from './entry/methods.ts';
import { headersOf, problemOf, Refusal } from './entry/problems.ts';
import { refuseSlowBodies } from './entry/slowBodies.ts';
import { refuseSlowReaders } from './entry/slowReaders.ts';
import { withoutUniqueSegment } from './entry/uniqueSegment.ts';
import { withProblems } from './openapi.ts';
import type { ArchiveAccessWorld } from './rights/archiveAccess.ts';
import { archiveAccess } from './rights/archiveAccess.ts';
import { authenticate } from './rights/caller.ts';
import type { DeclaredRoute } from './rights/declared.ts';
import { undeclared } from './rights/declared.ts';
import { enforceDeclared } from './rights/enforceDeclared.ts';
import { foreignRights } from './rights/foreignRights.ts';
import { runAccess } from './rights/runAccess.ts';
import type { SourceElsewhere } from './rights/sourceRights.ts';
import { tokenReviews } from './rights/tokenReviews.ts';
import { accessRoutes } from './routes/accessRoutes.ts';
import { auditRoutes } from './routes/auditRoutes.ts';
import type { BackupRoutes } from './routes/backupRoutes.ts';
import { backupRoutes } from './routes/backupRoutes.ts';
import type { CheckRoutes } from './routes/checkRoutes.ts';
import { checkRoutes } from './routes/checkRoutes.ts';
import type { ClusterRoutes } from './routes/clusterRoutes.ts';
import { clusterRoutes } from './routes/clusterRoutes.ts';
import { copyRoutes } from './routes/copyRoutes.ts';
import type { DestinationRoutes } from './routes/destinationRoutes.ts';
import { destinationRoutes } from './routes/destinationRoutes.ts';
import type { DoctorRoute } from './routes/doctorRoute.ts';
import { doctorRoute } from './routes/doctorRoute.ts';
import { downloadRoutes, ticketRoutes } from './routes/downloadRoutes.ts';
import { encryptionRoutes } from './routes/encryptionRoutes.ts';
import type { FileRoutes } from './routes/fileRoutes.ts';
import { fileRoutes } from './routes/fileRoutes.ts';
import { foreignRoutes } from './routes/foreignRoutes.ts';
import type { Readiness } from './routes/healthRoutes.ts';
import { healthRoutes } from './routes/healthRoutes.ts';
import type { InfoRoutes } from './routes/infoRoutes.ts';
import { infoRoutes } from './routes/infoRoutes.ts';
import type { MetricsRoute } from './routes/metricsRoute.ts';
import { metricsRoute } from './routes/metricsRoute.ts';
import type { PolicyRoutes } from './routes/policyRoutes.ts';
import { policyRoutes } from './routes/policyRoutes.ts';
import type { RestoreRoutes } from './routes/restoreRoutes.ts';
import { restoreRoutes } from './routes/restoreRoutes.ts';
import type { RetentionRoutes } from './routes/retentionRoutes.ts';
import { retentionRoutes } from './routes/retentionRoutes.ts';
import type { UploadRoutes } from './routes/uploadRoutes.ts';
import { uploadNamespace, uploadRoutes } from './routes/uploadRoutes.ts';
import { versionRoutes } from './routes/versionRoutes.ts';
import type { VolumeEventRoutes } from './routes/volumeEventRoutes.ts';
import { volumeEventRoutes } from './routes/volumeEventRoutes.ts';
import type { VolumeRoutes } from './routes/volumeRoutes.ts';
import { volumeRoutes } from './routes/volumeRoutes.ts';
import type { EventStreamOptions } from './streams/eventStreams.ts';
import { eventStreams } from './streams/eventStreams.ts';
import { tagAnswer } from './views/etag.ts';
import { hiddenTexts } from './views/hiddenTexts.ts';

/** Everything that the routes need. */
export type HttpWorld = Omit<BackupRoutes, 'streams' | 'texts'> &
  Omit<FileRoutes, 'access'> &
  Omit<ArchiveAccessWorld, 'archives' | 'places'> &
  VolumeRoutes &
  PolicyRoutes &
  Pick<RetentionRoutes, 'retention'> &
  Omit<VolumeEventRoutes, 'streams' | 'texts'> &
  Omit<MetricsRoute, 'reviews' | 'namespace'> &
  InfoRoutes &
  Partial<Pick<RestoreRoutes, 'restores' | 'uploadNamespace'>> &
  UploadRoutes &
  Pick<DestinationRoutes, 'places' | 'checks' | 'catalogs' | 'space'> &
  Pick<CheckRoutes, 'drills'> &
  Pick<DoctorRoute, 'doctor'> & {
    /** Where archives are read. */
    archivePlaces: Places;
    access: Pick<Access, 'whoIs'>;
    /** Clusters other than NKVM's own, for people who look after them. */
    clusterAdmin: Pick<ClusterRoutes, 'registry' | 'ownCluster'>;
    /** Where calls are recorded. */
    audit: WatchedTrail;
    /** Absent: there is only NKVM's own. */
    clusters?: OtherClusters;
    streamOptions?: EventStreamOptions;
    /** Hears of each route, once, before the server listens. */
    onRoute?: (route: DeclaredRoute) => void;
    readiness: () => Readiness;
    log: FastifyBaseLogger;
  };

/** Only callers with a token send bodies. A thousand paths, and the settings of a destination, can have some megabytes. */
const BODY_LIMIT = 4 * 1024 * 1024;

/** @returns the HTTP API, not listening yet. */
export async function buildServer(world: HttpWorld): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    loggerInstance: world.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    exposeHeadRoutes: false, // HEAD of an event stream would never end
    // The schemas have the limits of names. This one is for an id of an archive with each byte percent-encoded.
    routerOptions: { maxParamLength: 1_600 },
    rewriteUrl: ({ url = '/' }) => withoutUniqueSegment(url),
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply), // a URL that cannot be decoded
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  // The API server's proxy hands on the browser's cookies for Headlamp: NKVM does not need them.
  app.addHook('onRequest', async request => {
    delete request.raw.headers.cookie;
  });
  const methods = methodsOfPaths();
  app.addHook('onRoute', ({ method, url, config }) => {
    methods.add(method, url);
    if (!config?.rights) throw undeclared([method].flat().join(), url);
    world.onRoute?.({ method: [method].flat().join(), url, rights: config.rights });
  });
  // Before the body is read: it is of no use to anybody.
  app.addHook('onRequest', async request => {
    if (request.is404) throw noRoute(request, methods);
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') throw encoded(encoding);
  });
  app.addHook('onRequest', refuseSlowBodies());
  app.addHook('onSend', refuseSlowReaders());
  app.addHook('onResponse', async (request, reply) => {
    const about = { status: reply.statusCode, ms: Math.round(reply.elapsedTime) };
    world.log.debug({ ...about, method: request.method, url: pathOf(request.url) }, 'request');
  });
  app.removeContentTypeParser('text/plain'); // Fastify would take it for a string
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler(request => {
    throw noRoute(request, methods);
  });

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'NKVM',
        description: 'Volumes & Backups for Headlamp',
        version: world.installation.version,
      },
      components: {
        securitySchemes: {
          token: { type: 'apiKey', in: 'header', name: 'X-NKVM-Token' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ token: [] }, { bearer: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: given =>
      'openapiObject' in given
        ? withProblems(given.openapiObject, z.toJSONSchema(Problem))
        : given.swaggerObject,
  });
  await app.register(healthRoutes(world.readiness));
  const { namespace, cluster: ownName } = world.installation;
  const reviews = tokenReviews(world.access);
  const streams = eventStreams(world.streamOptions);
  const texts = hiddenTexts(world);
  const { clusters = noOtherClusters, rights: own } = world;
  const foreign = foreignRights({ own, ownName, namespace });
  const elsewhere = (id: string): SourceElsewhere | undefined => {
    const found = clusters.find(id);
    if (!found) return undefined;
    if (found.cluster === undefined) {
      return { run: found.run, rights: own, access: runAccess(world) };
    }
    const now = clusters.of(found.cluster);
    return now && 'world' in now
      ? { run: found.run, rights: now.world.rights, access: runAccess(now.world) }
      : undefined;
  };
  const isKnown = (id: string, destination: string, key: string): boolean => {
    const run = world.history.get(id) ?? clusters.find(id)?.run;
    return run?.copies.some(copy => copy.destination === destination && copy.key === key) ?? false;
  };
  const routesWorld = { ...world, ownRights: own, foreign, elsewhere, streams, texts };
  /** The routes, for the cluster that a request is about. */
  const each = (routes: (of: typeof routesWorld & { cluster?: string }) => FastifyPluginAsyncZod) =>
    perCluster(routes, {
      ...{ clusters, own, namespace, ownName },
      world: routesWorld,
      worldOf: cluster => ({
        ...routesWorld,
        ...cluster,
        uploadNamespace: () => undefined,
      }),
    });
  const accessIn = (of: typeof routesWorld) => archiveAccess({ ...of, places: of.archivePlaces });
  const access = accessIn(routesWorld);
  const sender = fileSender(world);
  const targets = targetWorld(world, clusters);
  const recording = { targets, trail: world.audit };
  const downloads = { ...world, ...recording, access, sender, tickets: downloadTickets() };
  app.addHook('preClose', async () => {
    streams.endAll('stopping');
    sender.endAll();
  });
  await app.register(metricsRoute({ ...world, reviews, namespace }));
  await app.register(
    async api => {
      api.addHook('onSend', async (_request, reply) => {
        reply.header('cache-control', 'no-store'); // answers depend on the caller
      });
      const beforeChange = recordCalls(api, recording);
      api.get(
        '/openapi.json',
        { config: { rights: { none: 'it is the same for everybody' } }, schema: { hide: true } },
        async () => app.swagger()
      );
      await api.register(downloadRoutes(downloads));
      await api.register(async known => {
        const reviewsOf = (cluster: string) => reviewsIn(cluster, clusters);
        known.addHook('onRequest', authenticate({ reviews, reviewsOf, namespace }));
        known.addHook('onRequest', fairRequests());
        known.addHook('preHandler', enforceDeclared({ ...world, namespace }));
        known.addHook('onSend', texts.hook);
        known.addHook('onSend', tagAnswer);
        known.addHook('preHandler', beforeChange);
        await known.register(infoRoutes(world));
        await known.register(accessRoutes(world));
        await known.register(doctorRoute(world));
        await known.register(each(volumeRoutes));
        await known.register(each(volumeEventRoutes));
        await known.register(each(policyRoutes));
        await known.register(each(retentionRoutes));
        await known.register(each(backupRoutes));
        await known.register(auditRoutes(world));
        await known.register(each(of => fileRoutes({ ...of, access: accessIn(of) })));
        await known.register(each(of => versionRoutes({ ...of, access: accessIn(of) })));
        await known.register(each(of => ticketRoutes({ ...downloads, access: accessIn(of) })));
        await known.register(each(of => copyRoutes({ ...of, places: of.archivePlaces })));
        await known.register(
          foreignRoutes({ ...world, places: world.archivePlaces, foreign, isKnown })
        );
        await known.register(destinationRoutes(world));
        await known.register(uploadRoutes(world));
        await known.register(each(checkRoutes));
        await known.register(encryptionRoutes(world));
        await known.register(clusterRoutes({ ...world, ...world.clusterAdmin }));
        if (world.restores) {
          await known.register(
            each(({ restores, ...of }) =>
              restoreRoutes({
                ...of,
                restores: restores ?? noRestores(),
                uploadNamespace: of.uploadNamespace ?? uploadNamespace(of),
              })
            )
          );
        }
      });
    },
    { prefix: '/api/v1' }
  );
  return app;
}

/** @throws Error: a bug in NKVM */
const noRestores = (): never => {
  throw new Error('the routes of restores need what carries them out');
};

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error, randomBytes(6).toString('hex'));
  request.problem = problem;
  if (problem.status === 500) {
    request.log.error(
      { err: error, errorId: problem.errorId, url: pathOf(request.url) },
      problem.detail
    );
  }
  return reply
    .code(problem.status)
    .headers(headersOf(error, problem.status))
    .type('application/problem+json')
    .send(JSON.stringify(problem));
}

/** Without its query, which may name files of a volume. */
const pathOf = (url: string): string => url.split('?')[0] ?? '';

function noRoute({ method, url }: FastifyRequest, methods: Methods): Refusal {
  const path = pathOf(url);
  const allowed = methods.of(path);
  const hint = 'GET /api/v1/openapi.json describes all routes';
  return allowed.length === 0
    ? new Refusal(404, 'NoSuchRoute', `there is nothing at ${path}`, hint)
    : new Refusal(
        405,
        'MethodNotAllowed',
        `${path} has no method ${method}: it has ${allowed.join(', ')}`,
        hint,
        { allow: allowed.join(', ') }
      );
}

const encoded = (encoding: string): Refusal =>
  new Refusal(
    415,
    'EncodingNotSupported',
    `the request body has the Content-Encoding ${JSON.stringify(
      encoding.slice(0, 40)
    )}, and NKVM decodes none`,
    'send the body without the header Content-Encoding; an upload is a .tar.gz with Content-Type: application/gzip',
    { 'accept-encoding': 'identity' }
  );
