import { ApiProxy } from '@kinvolk/headlamp-plugin/lib';
import { canLink, linkTo } from '../session/link';
import { placeOf, proxyPathOf } from '../session/place';

export interface FileUpload {
  content: Blob;
  /** Is called as bytes leave the browser, where it tells. */
  onProgress?: (bytes: number) => void;
}

/**
 * Sends a file through the service proxy of `cluster`. Only an XMLHttpRequest tells how much has been sent, and it sends
 * nothing but cookies and what it is given; elsewhere Headlamp's ApiProxy sends, without progress.
 *
 * @param path of the sidecar.
 * @throws Error{message, status} as ApiProxy throws it.
 */
export async function uploadFile(
  cluster: string,
  path: string,
  headers: Record<string, string>,
  { content, onProgress }: FileUpload,
  signal: AbortSignal
): Promise<Response> {
  const url = linkTo(cluster, path);
  if (url && (await canLink(cluster))) return await xhr(url, headers, content, onProgress, signal);
  const place = placeOf(cluster);
  return await ApiProxy.clusterRequest(proxyPathOf(place) + path, {
    cluster: place.cluster,
    method: 'POST',
    headers,
    isJSON: false,
    autoLogoutOnAuthError: false,
    body: content,
    signal,
  });
}

function xhr(
  url: string,
  headers: Record<string, string>,
  content: Blob,
  onProgress: ((bytes: number) => void) | undefined,
  signal: AbortSignal
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const fail = (status: number, message: string) => {
      signal.removeEventListener('abort', abort);
      reject(Object.assign(new Error(message), { status }));
    };
    request.open('POST', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onProgress?.(loaded);
    request.onload = () => {
      const { status, statusText, responseText } = request;
      if (status < 200 || status >= 300)
        return fail(status, `${statusText} - ${said(responseText)}`);
      signal.removeEventListener('abort', abort);
      const type = request.getResponseHeader('Content-Type');
      resolve(
        new Response(responseText, { status, headers: type ? { 'Content-Type': type } : {} })
      );
    };
    request.onerror = () => fail(502, 'Unreachable');
    request.onabort = () => fail(408, 'The upload was cancelled');
    if (signal.aborted) return fail(408, 'The upload was cancelled');
    signal.addEventListener('abort', abort);
    request.send(content);
  });
}

/** @returns the message of a problem, or the answer itself. */
function said(text: string): string {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? text);
  } catch {
    return text;
  }
}
