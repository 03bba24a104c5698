import { useLocation } from 'react-router-dom';
import { usePageUrl } from './otherClusters/usePageUrl';
import { VOLUMES_ROUTE } from './routes';

/**
 * @param list the page that those who opened a link get to.
 * @returns for Headlamp's SectionBox: back to the page that led here.
 */
export function useBackLink(
  cluster: string,
  list: { name: string } = VOLUMES_ROUTE
): string | boolean {
  const pageUrl = usePageUrl();
  // The router gives a key to each page that was opened from another one.
  const { key } = useLocation();
  return key ? true : pageUrl(cluster, list);
}
