import { registerRoute, registerSidebarEntry } from '@kinvolk/headlamp-plugin/lib';
import { SIDEBAR_ENTRY, VOLUMES_ROUTE } from '../routes';
import { backUpIcon } from '../ui/icons';
import { WithText } from '../ui/text';
import { VolumesPage } from './VolumesPage';

export function registerVolumes(): void {
  registerSidebarEntry({
    parent: null,
    name: SIDEBAR_ENTRY,
    label: 'Volumes & Backups',
    url: VOLUMES_ROUTE.path,
    icon: backUpIcon,
  });
  registerRoute({
    ...VOLUMES_ROUTE,
    sidebar: SIDEBAR_ENTRY,
    exact: true,
    component: () => (
      <WithText>
        <VolumesPage />
      </WithText>
    ),
  });
}
