import type { Gateway } from './gateway.ts';

const PAGE_SIZE = 250;

interface Page<T> {
  metadata?: { continue?: string };
  items: T[] | null;
}

/**
 * Lists objects page by page: the pods of a big cluster in one answer would be hundreds of megabytes.
 * @throws ApiFailure.
 */
export async function* pagesOf<T>(
  gateway: Pick<Gateway, 'json'>,
  path: string,
  query: Record<string, string> = {},
  signal?: AbortSignal
): AsyncGenerator<T[]> {
  let next: string | undefined;
  do {
    const page: Page<T> = await gateway.json({
      path,
      query: { ...query, limit: `${PAGE_SIZE}`, ...(next && { continue: next }) },
      signal,
    });
    yield page.items ?? [];
    next = page.metadata?.continue;
  } while (next);
}
