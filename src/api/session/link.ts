import { Headlamp } from '@kinvolk/headlamp-plugin/lib';
import { UNIQUE_SEGMENT_PREFIX } from '../../../sidecar/api/names.ts';
import { expectNoPage, LoginPage } from './loginPage';
import { placeOf, proxyPathOf } from './place';

interface HeadlampWindow {
  headlampBaseUrl?: string;
  /** Of Docker Desktop. */
  ddClient?: unknown;
}

/**
 * @param path of the sidecar.
 * @returns its address for the browser itself, which sends Headlamp's cookies and nothing else; undefined where
 *   Headlamp's server is not where the page came from.
 */
export function linkTo(cluster: string, path: string): string | undefined {
  const { headlampBaseUrl = '', ddClient } = window as unknown as HeadlampWindow;
  if (Headlamp.isRunningAsApp() || ddClient !== undefined) return undefined;
  const base = headlampBaseUrl.replace(/^\.?\/?$/, '');
  const place = placeOf(cluster);
  return `${location.origin}${base}/clusters/${place.cluster}${proxyPathOf(place)}${path}`;
}

/**
 * Whether such an address leads to the sidecar now. It does not in the desktop app, nor for clusters that are kept in the
 * browser: there each request needs headers that only Headlamp's ApiProxy sets. Nothing is remembered: a session can end between two
 * downloads.
 *
 * @throws LoginPage when a page is at the address: what follows it would save that.
 */
export async function canLink(cluster: string): Promise<boolean> {
  const random = crypto.getRandomValues(new Uint32Array(2)).join('');
  const url = linkTo(cluster, `/healthz/${UNIQUE_SEGMENT_PREFIX}${random}`);
  if (!url) return false;
  try {
    const response = await fetch(url, { credentials: 'same-origin', redirect: 'error' });
    expectNoPage(response);
    return response.ok && (await response.text()) === 'ok';
  } catch (error) {
    if (error instanceof LoginPage) throw error;
    return false;
  }
}
