import { ApiProxy } from '@kinvolk/headlamp-plugin/lib';
import type { DownloadTicket } from '../../sidecar/api';
import { CutOff, readWhole } from '../api/clients/wholeAnswer';
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
 * @param onNoFile hears why a download that has `started` is none after all
 * @throws Error when it breaks off; nothing that looks whole is saved then.
 */
export async function save(
  cluster: string,
  ticket: DownloadTicket,
  onNoFile: (error: unknown) => void
): Promise<Saved> {
  const link = linkTo(cluster, ticket.path);
  if (link && (await canLink(cluster))) {
    follow(link, () => void whyNoFile(cluster).then(onNoFile));
    return 'started';
  }
  return await saveByRequest(cluster, ticket);
}

interface PickerWindow {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;
}

/** The sidecar may have to make an index before it answers. */
const FRAME_MS = 600_000;

/**
 * Opens a link to a file in a frame that is not seen. The browser saves what the sidecar calls an attachment, and nothing else: a link
 * with the attribute `download` would save a login page, too, under the name of the archive.
 */
function follow(url: string, onPage: () => void): void {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.src = url;
  frame.addEventListener('load', () => {
    if (isBlank(frame)) return;
    frame.remove();
    onPage();
  });
  document.body.append(frame);
  setTimeout(() => frame.remove(), FRAME_MS);
}

/** Before anything has come. */
function isBlank(frame: HTMLIFrameElement): boolean {
  try {
    return frame.contentWindow?.location.href === 'about:blank';
  } catch {
    return false; // a page of somebody else
  }
}

/** What is in the frame cannot be read: it is of somebody else, or says that it is not for frames. */
async function whyNoFile(cluster: string): Promise<unknown> {
  try {
    await canLink(cluster);
  } catch (error) {
    return error;
  }
  const message = 'there is no file at the address of the download: start it again';
  return Object.assign(new Error(message), { status: 500 });
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
    const writable = await file.createWritable();
    await readWhole(async () => response.body?.pipeTo(writable));
    expectWhole(ticket, await file.getFile());
    return 'done';
  }
  const content = await readWhole(() => response.blob());
  expectWhole(ticket, content);
  const url = URL.createObjectURL(content);
  click(url, ticket.fileName);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return 'done';
}

function expectWhole({ bytes }: DownloadTicket, { size }: Blob): void {
  if (bytes === null || size === bytes) return;
  throw new CutOff({ cause: new Error(`${size} of ${bytes} bytes arrived`) });
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
