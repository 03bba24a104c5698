import { Headlamp } from '@kinvolk/headlamp-plugin/lib';
import { UNIQUE_SEGMENT_PREFIX } from '../../../sidecar/api/names.ts';
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

/** By the address of the sidecar. */
const answers = new Map<string, Promise<boolean>>();

/**
 * Whether such an address leads to the sidecar. It does not in the desktop app, nor for clusters that are kept in the
 * browser: there each request needs headers that only Headlamp's ApiProxy sets.
 */
export function canLink(cluster: string): Promise<boolean> {
  const way = linkTo(cluster, '') ?? '';
  const known = answers.get(way);
  if (known) return known;
  const answer = ask(cluster);
  answers.set(way, answer);
  // It may be another way after the next login.
  void answer.then(can => can || answers.delete(way));
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
