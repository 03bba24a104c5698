import {
  registerDetailsViewHeaderAction,
  registerDetailsViewSection,
  registerRoute,
  registerSidebarEntry,
} from '@kinvolk/headlamp-plugin/lib';
import type { KubeObject } from '@kinvolk/headlamp-plugin/lib/k8s/cluster';
import { Frame } from '../Frame';
import { BACKUP_ROUTE, BACKUPS_ROUTE, SIDEBAR_BACKUPS, SIDEBAR_PARENT } from '../routes';
import { BackUpHeaderAction } from './BackUpHeaderAction';
import { BackupsPage } from './BackupsPage';
import { ClaimBackups } from './ClaimBackups';
import { RunRoute } from './RunPage';
import type { Target } from './start';

export function registerBackups(): void {
  registerSidebarEntry({
    parent: SIDEBAR_PARENT,
    name: SIDEBAR_BACKUPS,
    label: 'Backups',
    url: BACKUPS_ROUTE.path,
  });
  registerRoute({
    ...BACKUPS_ROUTE,
    sidebar: SIDEBAR_BACKUPS,
    exact: true,
    component: () => (
      <Frame>
        <BackupsPage />
      </Frame>
    ),
  });
  registerRoute({
    ...BACKUP_ROUTE,
    sidebar: SIDEBAR_BACKUPS,
    exact: true,
    component: () => (
      <Frame>
        <RunRoute />
      </Frame>
    ),
  });
  registerDetailsViewSection(({ resource }: { resource?: KubeObject }) => {
    const target = claimOf(resource);
    return target ? (
      <Frame clusters={[target.cluster]}>
        <ClaimBackups cluster={target.cluster} claim={target} uid={resource?.metadata.uid} />
      </Frame>
    ) : null;
  });
  registerDetailsViewHeaderAction(({ item }: { item?: KubeObject }) => {
    const target = claimOf(item);
    return target ? (
      <Frame clusters={[target.cluster]}>
        <BackUpHeaderAction target={target} />
      </Frame>
    ) : null;
  });
}

/** @returns undefined for every other kind: the hooks are called on all of Headlamp's details pages. */
function claimOf(resource?: KubeObject): Target | undefined {
  if (resource?.kind !== 'PersistentVolumeClaim') return undefined;
  const { name, namespace = '' } = resource.metadata;
  return { cluster: resource.cluster, namespace, name };
}
