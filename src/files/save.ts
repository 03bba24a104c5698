import { ApiProxy, Headlamp } from '@kinvolk/headlamp-plugin/lib';
import type { DownloadTicket } from '../../sidecar/api';
import { SERVICE_PROXY_PATH, UNIQUE_SEGMENT_PREFIX } from '../../sidecar/api/names.ts';

/** `cancelled` by the person, in the dialog that asks where to save. */
export type Saved = 'started' | 'done' | 'cancelled';

/**
 * Saves what a ticket leads to, as big as it may be. Where the browser reaches the sidecar by a plain link, with the
 * cookies of Headlamp, it downloads by itself. Elsewhere (the desktop app, clusters that are kept in the browser) requests
 * need headers that a link does not have.
 *
 * @throws Error when it breaks off; nothing that looks whole is saved then.
 */
export async function save(cluster: string, ticket: DownloadTicket): Promise<Saved> {
  const link = linkTo(cluster, ticket.path);
  if (link && (await canLink(cluster))) {
    click(link, ticket.fileName);
    return 'started';
  }
  return await saveByRequest(cluster, ticket);
}

interface HeadlampWindow {
  headlampBaseUrl?: string;
  ddClient?: unknown;
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;
}
const headlampWindow = () => window as unknown as HeadlampWindow;

/** @returns undefined where Headlamp's server is not where the page came from. */
function linkTo(cluster: string, path: string): string | undefined {
  const { headlampBaseUrl = '', ddClient } = headlampWindow();
  if (Headlamp.isRunningAsApp() || ddClient !== undefined) return undefined;
  const base = headlampBaseUrl.replace(/^\.?\/?$/, '');
  return `${location.origin}${base}/clusters/${cluster}${SERVICE_PROXY_PATH}${path}`;
}

/** Whether a request without any headers of Headlamp's reaches the sidecar: asked once for each cluster. */
const answers = new Map<string, Promise<boolean>>();

function canLink(cluster: string): Promise<boolean> {
  const known = answers.get(cluster);
  if (known) return known;
  const answer = ask(cluster);
  answers.set(cluster, answer);
  // It may be another way after the next login.
  void answer.then(can => can || answers.delete(cluster));
  return answer;
}

async function ask(cluster: string): Promise<boolean> {
  const random = crypto.getRandomValues(new Uint32Array(2)).join('');
  const url = linkTo(cluster, `/healthz/${UNIQUE_SEGMENT_PREFIX}${random}`);
  if (!url) return false;
  try {
    const response = await fetch(url, { credentials: 'same-origin', redirect: 'error' });
    return response.ok && (await response.text()) === 'ok';
  } catch {
    return false;
  }
}

function click(url: string, fileName: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  document.body.append(link);
  link.click();
  link.remove();
}

async function saveByRequest(cluster: string, ticket: DownloadTicket): Promise<Saved> {
  const file = await chosenFile(ticket.fileName);
  if (file === 'cancelled') return file;
  const response: Response = await ApiProxy.clusterRequest(SERVICE_PROXY_PATH + ticket.path, {
    cluster,
    isJSON: false,
    autoLogoutOnAuthError: false,
    // Without a time limit.
    signal: new AbortController().signal,
  });
  if (file) {
    // Nothing takes the place of the file before all of it is there.
    await response.body?.pipeTo(await file.createWritable());
    return 'done';
  }
  const content = await response.blob();
  const url = URL.createObjectURL(content);
  click(url, ticket.fileName);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return 'done';
}

/** Asks where to save; undefined where the browser cannot ask, and the content goes through its memory. */
async function chosenFile(
  suggestedName: string
): Promise<FileSystemFileHandle | 'cancelled' | undefined> {
  try {
    return await headlampWindow().showSaveFilePicker?.({ suggestedName });
  } catch (error) {
    // Any other refusal: the click was too long ago, or the page may not.
    return error instanceof Error && error.name === 'AbortError' ? 'cancelled' : undefined;
  }
}
