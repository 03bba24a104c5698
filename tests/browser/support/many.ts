import type { Page } from 'playwright-core';
import type { VolumeList } from '../../../sidecar/api/index.ts';
import { alter, API } from './api.ts';

/** Adds volumes that are not there to what the sidecar says. */
export const withMany = (page: Page, count: number): Promise<void> =>
  alter<VolumeList>(page, API.volumes, list => {
    const like = list.volumes.find(({ name }) => name === 'notes')!;
    const more = Array.from({ length: count - list.volumes.length }, (_, index) => ({
      ...like,
      namespace: `team-${index % 50}`,
      name: `data-${index}`,
      uid: `uid-${index}`,
    }));
    return { ...list, volumes: [...list.volumes, ...more] };
  });

/** Counts the bytes of each request to the sidecar from now on. */
export async function countBytes(page: Page): Promise<Map<string, number>> {
  const cdp = await page.context().newCDPSession(page);
  const bytes = new Map<string, number>();
  const names = new Map<string, string>();
  await cdp.send('Network.enable');
  cdp.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (API.all.test(request.url)) names.set(requestId, `${requestId} ${request.url}`);
  });
  cdp.on('Network.dataReceived', ({ requestId, dataLength }) => {
    const name = names.get(requestId) ?? requestId;
    bytes.set(name, (bytes.get(name) ?? 0) + dataLength);
  });
  return bytes;
}
