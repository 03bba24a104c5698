import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { z } from 'zod';
import { ArchiveParams, DownloadTicket, Problem, StartDownload } from '../../../api/index.ts';
import { formOf } from '../../archive/chain/chain.ts';
import type { Archives } from '../../browse/archives.ts';
import type { ArchiveRef, OpenArchive } from '../../browse/openArchive.ts';
import { fileOf, tarOfSelection } from '../../browse/tarOfSelection.ts';
import { StageError } from '../../errors.ts';
import type { AuditTrail } from '../../history/audit/auditTrail.ts';
import type { Log } from '../../log.ts';
import type { TargetWorld } from '../audit/auditedActions.ts';
import { archiveTarget, pathsOf as countOf } from '../audit/auditedActions.ts';
import { recordDownload, setTarget } from '../audit/recordCalls.ts';
import type { DownloadTickets } from '../downloads/downloadTickets.ts';
import { fitFileName } from '../downloads/fileName.ts';
import type { FileSender } from '../downloads/fileSender.ts';
import { openWithin, untilGone } from '../downloads/indexWait.ts';
import type { Download } from '../downloads/whatToDownload.ts';
import { whatToDownload } from '../downloads/whatToDownload.ts';
import { Refusal } from '../entry/problems.ts';
import type { ArchiveAccess, ReadableArchive } from '../rights/archiveAccess.ts';
import { READ_ARCHIVE } from '../rights/declared.ts';

export interface DownloadRoutes {
  access: ArchiveAccess;
  archives: Archives;
  tickets: DownloadTickets;
  sender: FileSender;
  trail: AuditTrail;
  /** Identities of archives for the audit log. */
  targets: TargetWorld;
  log: Pick<Log, 'info'>;
}

/** Tickets for downloads, for callers who are known. */
export const ticketRoutes =
  ({ access, archives, tickets }: DownloadRoutes): FastifyPluginAsyncZod =>
  async app => {
    app.post(
      '/backups/:id/downloads',
      {
        config: { rights: { needs: [READ_ARCHIVE] } },
        schema: {
          summary: 'Prepare a download',
          description:
            'A file as it is, a folder or several paths as `.tar.gz`, or without `paths` the whole archive: of an increment, all of the volume as one `.tar.gz`. ' +
            'The answer names an address that is valid for one download within 60 seconds, without a token.',
          params: ArchiveParams,
          body: StartDownload,
          response: { 201: DownloadTicket, default: Problem },
        },
      },
      async ({ caller, isTokenValid, params, body: { paths } }, reply) => {
        const signal = untilGone(reply);
        const archive = await access.find(caller, params.id);
        const ref = await archive.ref(signal);
        const { fileName, bytes } = isAsStored(archive, ref, paths)
          ? wholeArchive(ref)
          : whatToDownload(
              (await openWithin(archives, ref, signal)).index,
              pathsOf(paths),
              volumeOf(archive)
            );
        const { id, expiresAt } = tickets.give({ caller, archive, paths, isTokenValid });
        return reply.code(201).send({
          path: `/api/v1/downloads/${id}`,
          expiresAt: expiresAt.toISOString(),
          fileName,
          bytes,
        });
      }
    );
  };

/** The downloads themselves: the ticket says who it is. */
export const downloadRoutes =
  ({ archives, tickets, sender, trail, targets, log }: DownloadRoutes): FastifyPluginAsyncZod =>
  async app => {
    app.get(
      '/downloads/:ticket',
      {
        config: { rights: { needs: [READ_ARCHIVE.map(right => ({ ...right, hides: true }))] } },
        schema: {
          summary: 'Download what a ticket is for, once',
          description:
            'An answer that breaks off is not complete: nothing was left out at its end.',
          security: [],
          params: z.strictObject({ ticket: z.string().max(100) }),
          produces: ['application/octet-stream', 'application/gzip'],
        },
      },
      async (request, reply) => {
        const { ticket: id } = request.params;
        const ticket = tickets.look(id);
        if (!ticket) throw noTicket();
        const { caller, archive, paths } = ticket;
        request.caller = caller;
        setTarget(request, { ...archiveTarget(archive.id, targets), detail: countOf(paths) });
        const place = sender.takePlace(caller); // before the ticket is used up
        try {
          tickets.use(id);
          // A ServiceAccount that was deleted meanwhile keeps its bindings, and so its rights.
          if (!(await ticket.isTokenValid(0)) || !(await archive.mayRead(0))) throw noTicket();
          const signal = untilGone(reply);
          const ref = await archive.ref(signal);
          const about = { user: caller.username, archive: ref.key, paths: paths.length };
          log.info(about, `download from archive ${ref.key}`);
          await recordDownload(request, reply, trail);
          await sender.send(reply, place, {
            ...(isAsStored(archive, ref, paths)
              ? { ...wholeArchive(ref), open: () => ref.destination.open(ref.key, { signal }) }
              : await partOf(archives, ref, { paths, volume: volumeOf(archive), signal })),
            mayRead: () => archive.mayRead(1_000),
          });
          return reply;
        } catch (error) {
          place.giveBack();
          throw error;
        }
      }
    );
  };

interface Part {
  paths: readonly string[];
  volume: string;
  signal: AbortSignal;
}

/** An index that is wrong shows itself at the first header: then it is rebuilt, once. */
async function partOf(archives: Archives, ref: ArchiveRef, { paths, volume, signal }: Part) {
  const look = async () => {
    const archive = await openWithin(archives, ref, signal);
    return { archive, download: whatToDownload(archive.index, pathsOf(paths), volume) };
  };
  const first = await look();
  let { archive, download } = first;
  return {
    fileName: download.fileName,
    bytes: download.bytes,
    open: async () => bodyOf(archive, download, signal),
    async again(error: unknown) {
      if (!(error instanceof StageError) || error.reason !== 'IndexWrong') throw error;
      ({ archive, download } = await look());
      return bodyOf(archive, download, signal);
    },
  };
}

/**
 * The checksums of the members that hold it are compared before it ends: a byte that has changed is otherwise in a file of the right
 * size, or under a new checksum. Without known members, that reads the rest of the archive.
 */
function bodyOf(archive: OpenArchive, download: Download, signal: AbortSignal): Readable {
  switch (download.kind) {
    case 'file':
      return fileOf(archive, download.node, signal, true);
    case 'tar':
      // A failure ends the last stream, which is the one that is read.
      return pipeline(
        tarOfSelection(archive, download.selection, signal, true),
        createGzip({ level: 1 }),
        () => undefined
      );
  }
}

/**
 * An increment alone is a part of the volume: instead of it, all of the volume is packed from its chain. Where its manifest is
 * gone, the backup still says what it is.
 */
const isAsStored = (
  { run }: ReadableArchive,
  { manifest }: ArchiveRef,
  paths: readonly string[]
): boolean =>
  paths.length === 0 &&
  formOf(manifest?.chain ?? null) === 'full' &&
  formOf(run?.chain ?? null) === 'full';

/** @returns paths to be packed; the root, where none was named. */
const pathsOf = (paths: readonly string[]): readonly string[] =>
  paths.length === 0 ? [''] : paths;

const wholeArchive = ({ key, bytes }: ArchiveRef) => ({
  fileName: fitFileName(key, 'archive.tar.gz'),
  bytes,
});

const volumeOf = ({ run }: ReadableArchive): string => run?.name ?? 'archive';

const noTicket = (): Refusal =>
  new Refusal(
    404,
    'NoSuchDownload',
    'this address is valid for one download within 60 seconds: it was used, has expired, or never existed',
    'start the download again'
  );
