import { UNIQUE_SEGMENT_PREFIX } from '../../../api/index.ts';

const UNIQUE_SEGMENT = new RegExp(`/${UNIQUE_SEGMENT_PREFIX}[A-Za-z0-9_-]+(?=$|[?#])`);

/**
 * headlamp-server with `-cache-enabled` keeps answers by API group, namespace and last segment of the path; the query,
 * the token and everything before the last segment do not count. A last segment that is random per request is never
 * found there, and cannot be guessed.
 * @returns `url` without such a segment.
 */
export const withoutUniqueSegment = (url: string): string => {
  const end = url.search(/[?#]/);
  const path = end < 0 ? url : url.slice(0, end);
  return path.replace(UNIQUE_SEGMENT, '') + url.slice(path.length);
};
