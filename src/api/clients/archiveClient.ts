import type {
  ArchiveComparison,
  DownloadTicket,
  FileList,
  FileQuery,
  FileVersions,
  Upload,
} from '../../../sidecar/api';
import { failureOf } from '../failure';
import { queryText } from '../queries/queryText';
import type { Connection } from '../session/connection';
import { wait } from '../streams/wait';
import type { SidecarRequest } from './send';
import type { FileUpload } from './uploadFile';

/** A backup whose archive is read, and the namespace of its volume, where that is known: see `SidecarRequest`. */
export interface ArchiveRef {
  id: string;
  namespace?: string;
}

/**
 * The sidecar's API of what is in archives, typed. Every call throws what `Send` throws. An archive without an index is
 * read as a whole first, and the sidecar says so from time to time: a call goes on until that is done, or it is aborted.
 */
export interface ArchiveClient {
  files(archive: ArchiveRef, query: Partial<FileQuery>, signal: AbortSignal): Promise<FileList>;
  /** The file in the archives of the volume, newest first. */
  versions(
    archive: ArchiveRef,
    query: { path: string; cursor?: string },
    signal: AbortSignal
  ): Promise<FileVersions>;
  /** What has changed since the archive of the backup `with`. */
  compare(
    archive: ArchiveRef,
    query: { with: string; path?: string; cursor?: string; limit?: number },
    signal: AbortSignal
  ): Promise<ArchiveComparison>;
  /** @param paths empty: the whole archive, as it is; of an increment, all of the volume. */
  startDownload(archive: ArchiveRef, paths: string[]): Promise<DownloadTicket>;
  /** Stores a `.tar.gz`. @param namespace the only one into which it can be restored. */
  upload(file: FileUpload, signal: AbortSignal, namespace?: string): Promise<Upload>;
}

const AGAIN_MS = 2_000;
const NEVER = new AbortController().signal;

/** Of the sidecar's problem `IndexBeingMade`: Headlamp's ApiProxy keeps no more of a problem than its message. */
const isBeingMade = (error: unknown): boolean => {
  const { status, message } = failureOf(error);
  return status === 503 && message.includes('has no index, and one is being made');
};

export function archiveClient({ send }: Pick<Connection, 'send'>): ArchiveClient {
  const json = async (request: SidecarRequest) => {
    for (;;) {
      try {
        return await (await send(request)).json();
      } catch (error) {
        if (!isBeingMade(error) || request.signal?.aborted) throw error;
        await wait(AGAIN_MS, request.signal ?? NEVER);
      }
    }
  };
  const backup = (id: string) => `/api/v1/backups/${encodeURIComponent(id)}`;
  return {
    files: ({ id, namespace }, query, signal) =>
      json({ path: `${backup(id)}/files${queryText(query)}`, namespace, signal }),
    versions: ({ id, namespace }, query, signal) =>
      json({ path: `${backup(id)}/files/versions${queryText(query)}`, namespace, signal }),
    compare: ({ id, namespace }, query, signal) =>
      json({ path: `${backup(id)}/comparison${queryText(query)}`, namespace, signal }),
    startDownload: ({ id, namespace }, paths) =>
      json({ path: `${backup(id)}/downloads`, body: { paths }, namespace }),
    upload: (file, signal, namespace) =>
      json({ path: `/api/v1/uploads${queryText({ namespace })}`, file, signal, namespace }),
  };
}
