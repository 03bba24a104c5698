import type { Page, Route } from 'playwright-core';

/** The last segment of each path may be a random one that the sidecar cuts off: see `send.ts` of the plugin. */
const END = '(/~[\\w-]+)?(\\?.*)?$';
const ofApi = (path: string) => new RegExp(`/proxy/api/v1/${path}${END}`);

/** Requests of the plugin to the sidecar, to be held up, altered or refused in the browser. */
export const API = {
  info: ofApi('info'),
  volumes: ofApi('volumes'),
  volume: ofApi('volumes/[^/~]+/[^/~]+'),
  /** Changes of all volumes, as they come. */
  changes: ofApi('volumes/events'),
  /** Starts backups, and lists them. */
  backups: ofApi('backups'),
  run: ofApi('backups/[^/~]+'),
  /** Changes of one run, as they come. */
  runEvents: ofApi('backups/[^/~]+/events'),
  /** Plans of restores. */
  plan: ofApi('restores/plan'),
  /** What is in an archive. */
  files: ofApi('backups/[^/~]+/files'),
  /** Where archives are stored. */
  destinations: ofApi('destinations'),
  destination: (name: string) => ofApi(`destinations/${name}`),
  checkOf: (name: string) => ofApi(`destinations/${name}/check`),
  /** Tests settings that are not stored. */
  checkSettings: ofApi('destinations/check'),
  /** Schedules and retention of all volumes, and of one. */
  policies: ofApi('policy'),
  policy: ofApi('policy/[^/~]+/[^/~]+'),
  approve: ofApi('retention/approve'),
  audit: ofApi('audit'),
  auditCheck: ofApi('audit/check'),
  doctor: ofApi('doctor'),
  /** Clusters that NKVM backs up. */
  clusters: ofApi('clusters'),
  all: /\/proxy\/api\/v1\//,
} as const;

/** Answers with the sidecar's answer, changed. Requests of other methods are not changed. */
export async function alter<T>(
  page: Page,
  requests: RegExp,
  change: (answer: T) => unknown,
  method = 'GET'
): Promise<void> {
  await page.route(requests, async route => {
    if (route.request().method() !== method) return await route.fallback();
    const response = await route.fetch();
    if (!response.ok()) return await route.fulfill({ response });
    await route.fulfill({ response, json: change((await response.json()) as T) });
  });
}

/** Keeps requests waiting. @returns how to let them and all later ones go on. */
export async function holdUp(page: Page, requests: RegExp): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  await page.route(requests, async (route: Route) => {
    await promise;
    await route.continue().catch(() => undefined); // of a page that was loaded anew since
  });
  return resolve;
}

/** Answers with an error, as the sidecar does. */
export const refuse =
  (status: number, problem: { code?: string; message: string; hint?: string }) =>
  (route: Route): Promise<void> =>
    route.fulfill({ status, json: problem });
