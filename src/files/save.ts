import { ApiProxy } from '@kinvolk/headlamp-plugin/lib';
import type { DownloadTicket } from '../../sidecar/api';
import { canLink, linkTo } from '../api/session/link';
import { expectNoPage } from '../api/session/loginPage';
import { placeOf, proxyPathOf } from '../api/session/place';

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

interface PickerWindow {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;
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
  const place = placeOf(cluster);
  const response: Response = await ApiProxy.clusterRequest(proxyPathOf(place) + ticket.path, {
    cluster: place.cluster,
    isJSON: false,
    autoLogoutOnAuthError: false,
    // Without a time limit.
    signal: new AbortController().signal,
  });
  expectNoPage(response);
  if (file) {
    // Nothing takes the place of the file before all of it is there.
    await response.body?.pipeTo(await file.createWritable());
    expectWhole(ticket, await file.getFile());
    return 'done';
  }
  const content = await response.blob();
  expectWhole(ticket, content);
  const url = URL.createObjectURL(content);
  click(url, ticket.fileName);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return 'done';
}

function expectWhole({ bytes }: DownloadTicket, { size }: Blob): void {
  if (bytes !== null && size !== bytes) throw new Error(`${size} of ${bytes} bytes arrived`);
}

/** Asks where to save; undefined where the browser cannot ask, and the content goes through its memory. */
async function chosenFile(
  suggestedName: string
): Promise<FileSystemFileHandle | 'cancelled' | undefined> {
  try {
    return await (window as unknown as PickerWindow).showSaveFilePicker?.({ suggestedName });
  } catch (error) {
    // Any other refusal: the click was too long ago, or the page may not.
    return error instanceof Error && error.name === 'AbortError' ? 'cancelled' : undefined;
  }
}
