import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { NamespaceName, Problem, Upload } from '../../../api/index.ts';
import type { Uploads } from '../../browse/uploads.ts';
import type { Action, Subject } from '../../cluster/gateway/access.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import type { Log } from '../../log.ts';
import { untilGone } from '../downloads/indexWait.ts';
import { Refusal } from '../entry/problems.ts';
import { nameOf } from '../rights/caller.ts';
import { inNamespace, onUpload } from '../rights/declared.ts';
import type { Rights } from '../rights/rights.ts';
import type { EventStreamOptions } from '../streams/eventStreams.ts';
import { streamPlaces } from '../streams/streamLimits.ts';
import { LOOK_AGE_MS, whileAllowed } from '../streams/whileAllowed.ts';

export interface UploadRoutes {
  uploads: Uploads;
  inventory: Pick<Inventory, 'namespace'>;
  rights: Rights;
  streamOptions?: Pick<EventStreamOptions, 'lookAgainMs'>;
  log: Pick<Log, 'info'>;
}

/** Each takes space, and is unpacked once. */
const LIMITS = { perToken: 1, perUser: 2, total: 3 };

/** How many are kept for a namespace, each for a day. */
const MOST_KEPT = 20;

const GZIP = ['application/gzip', 'application/x-gzip', 'application/octet-stream'];

/** @returns the right that an upload needs: it is uploaded to be restored into its namespace. */
export const rightToUpload = (namespace: string): Action => ({
  verb: 'create',
  group: '',
  resource: 'persistentvolumeclaims',
  subresource: 'restore',
  namespace,
});

/**
 * @returns what finds the namespace that an upload was made in; undefined: there is none of that id, or the namespace was
 *   deleted, and perhaps created again for other people
 */
export const uploadNamespace =
  ({ uploads, inventory }: Pick<UploadRoutes, 'uploads' | 'inventory'>) =>
  (id: string): string | undefined => {
    const upload = uploads.get(id);
    return upload && inventory.namespace(upload.namespace)?.uid === upload.namespaceUid
      ? upload.namespace
      : undefined;
  };

/** Archives that people send to be restored. */
export const uploadRoutes =
  ({ uploads, inventory, rights, streamOptions, log }: UploadRoutes): FastifyPluginAsyncZod =>
  async app => {
    /** @throws Refusal (403) when the right has ended, or 503 when the API server does not say. */
    const mayStill = async (caller: Subject, namespace: string): Promise<void> => {
      const right = rightToUpload(namespace);
      if (!(await rights.has(caller, right, LOOK_AGE_MS))) await rights.need(caller, right);
    };
    const takePlace = streamPlaces(LIMITS, tooMany);
    // The body is the stream itself: it is never held in memory.
    app.addContentTypeParser(GZIP, (_request, payload, done) => done(null, payload));

    app.post(
      '/uploads',
      {
        config: { takesLong: true, rights: { needs: [inNamespace('create', 'restore')] } },
        schema: {
          summary: 'Upload an archive to restore it',
          description:
            'The body is a `.tar.gz` (`Content-Type: application/gzip`). It is unpacked once to see that it is complete, can be ' +
            'restored only into that namespace, and is deleted after 24 hours. It ends with 403 when the right ends meanwhile.',
          consumes: ['application/gzip'],
          querystring: z.strictObject({ namespace: NamespaceName }),
          response: { 201: Upload, default: Problem },
        },
      },
      async (request, reply) => {
        const { caller, query, headers } = request;
        const { namespace } = query;
        await rights.need(caller, rightToUpload(namespace));
        const live = inventory.namespace(namespace);
        if (!live) throw noNamespace(namespace);
        if (!GZIP.includes(headers['content-type']?.split(';')[0]?.trim() ?? '')) throw notGzip();
        if (uploads.heldBy(namespace) >= MOST_KEPT) throw tooManyKept(namespace);
        const giveBack = takePlace(caller);
        try {
          const upload = {
            ...{ namespace, namespaceUid: live.uid, body: request.body as Readable },
            announcedBytes: lengthOf(headers['content-length']),
          };
          const { id, bytes, sha256, files, rawBytes, expiresAt } = await whileAllowed(
            untilGone(reply),
            () => mayStill(caller, namespace),
            signal => uploads.take(upload, signal),
            streamOptions?.lookAgainMs
          );
          log.info(
            { user: nameOf(caller), upload: id, namespace, bytes },
            `upload ${id} for namespace ${namespace}`
          );
          return await reply.code(201).send({ id, bytes, sha256, files, rawBytes, expiresAt });
        } finally {
          giveBack();
        }
      }
    );

    app.delete(
      '/uploads/:id',
      {
        config: { rights: { needs: [onUpload('create', 'restore', { hides: true })] } },
        schema: {
          summary: 'Delete an upload',
          params: z.strictObject({ id: z.string().min(1).max(64) }),
          response: { 204: z.null(), default: Problem },
        },
      },
      async ({ caller, params: { id } }, reply) => {
        const upload = uploads.get(id);
        const isThere = upload && uploadNamespace({ uploads, inventory })(id) !== undefined;
        if (!isThere || !(await rights.has(caller, rightToUpload(upload.namespace))))
          throw noUpload();
        await uploads.remove(id);
        return reply.code(204).send(null);
      }
    );
  };

const lengthOf = (header: string | undefined): number | undefined =>
  header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;

export const noUpload = (): Refusal =>
  new Refusal(
    404,
    'UploadNotFound',
    'the uploaded file is not there (any more)',
    'upload the archive again: uploads are deleted after 24 hours'
  );

const noNamespace = (namespace: string): Refusal =>
  new Refusal(
    404,
    'NamespaceNotFound',
    `there is no namespace ${namespace}`,
    'upload to the namespace that the archive is restored into'
  );

const notGzip = (): Refusal =>
  new Refusal(
    415,
    'NotGzip',
    'the content type of an upload is application/gzip',
    'send the .tar.gz as the body, with Content-Type: application/gzip'
  );

const tooManyKept = (namespace: string): Refusal =>
  new Refusal(
    429,
    'TooManyUploads',
    `${MOST_KEPT} uploads are kept for namespace ${namespace}, and no more are allowed`,
    'delete those that are not needed; each is deleted after 24 hours'
  );

const tooMany = (most: number, whose: string): Refusal =>
  new Refusal(
    429,
    'TooManyUploads',
    `${most} uploads are running ${whose}, and no more are allowed`,
    'wait until one of them has ended'
  );
