import { registerRoute } from '@kinvolk/headlamp-plugin/lib';
import { Frame } from '../Frame';
import { COMPARE_ROUTE, FILES_ROUTE, SIDEBAR_BACKUPS, VERSIONS_ROUTE } from '../routes';
import { CompareRoute } from './ComparePage';
import { FilesRoute } from './FilesPage';
import { VersionsRoute } from './VersionsPage';

const PAGES = [
  [FILES_ROUTE, FilesRoute],
  [VERSIONS_ROUTE, VersionsRoute],
  [COMPARE_ROUTE, CompareRoute],
] as const;

export function registerFiles(): void {
  for (const [route, Page] of PAGES) {
    registerRoute({
      ...route,
      sidebar: SIDEBAR_BACKUPS,
      exact: true,
      component: () => (
        <Frame>
          <Page />
        </Frame>
      ),
    });
  }
}
