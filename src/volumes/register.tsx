import { registerRoute, registerSidebarEntry } from '@kinvolk/headlamp-plugin/lib';
import { Frame } from '../Frame';
import { SIDEBAR_ENTRY, SIDEBAR_PARENT, VOLUME_ROUTE, VOLUMES_ROUTE } from '../routes';
import { backUpIcon } from '../ui/icons';
import { VolumeRoute } from './VolumePage';
import { VolumesPage } from './VolumesPage';

export function registerVolumes(): void {
  registerSidebarEntry({
    parent: null,
    name: SIDEBAR_PARENT,
    label: VOLUMES_ROUTE.name,
    url: VOLUMES_ROUTE.path,
    icon: backUpIcon,
  });
  registerSidebarEntry({
    parent: SIDEBAR_PARENT,
    name: SIDEBAR_ENTRY,
    label: 'Volumes',
    url: VOLUMES_ROUTE.path,
  });
  registerRoute({
    ...VOLUMES_ROUTE,
    sidebar: SIDEBAR_ENTRY,
    exact: true,
    component: () => (
      <Frame>
        <VolumesPage />
      </Frame>
    ),
  });
  registerRoute({
    ...VOLUME_ROUTE,
    sidebar: SIDEBAR_ENTRY,
    exact: true,
    component: () => (
      <Frame>
        <VolumeRoute />
      </Frame>
    ),
  });
}
