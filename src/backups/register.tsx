import {
  registerDetailsViewHeaderAction,
  registerDetailsViewSection,
  registerRoute,
} from '@kinvolk/headlamp-plugin/lib';
import type { KubeObject } from '@kinvolk/headlamp-plugin/lib/k8s/cluster';
import { BACKUP_ROUTE, SIDEBAR_ENTRY } from '../routes';
import { WithText } from '../ui/text';
import { BackUpHeaderAction } from './BackUpHeaderAction';
import { ClaimBackups } from './ClaimBackups';
import { RunPage } from './RunPage';
import type { Target } from './start';

export function registerBackups(): void {
  registerRoute({
    ...BACKUP_ROUTE,
    sidebar: SIDEBAR_ENTRY,
    exact: true,
    component: () => (
      <WithText>
        <RunPage />
      </WithText>
    ),
  });
  registerDetailsViewSection(({ resource }: { resource?: KubeObject }) => {
    const target = claimOf(resource);
    return target ? (
      <WithText>
        <ClaimBackups cluster={target.cluster} claim={target} />
      </WithText>
    ) : null;
  });
  registerDetailsViewHeaderAction(({ item }: { item?: KubeObject }) => {
    const target = claimOf(item);
    return target ? (
      <WithText>
        <BackUpHeaderAction target={target} />
      </WithText>
    ) : null;
  });
}

/** @returns undefined for every other kind: the hooks are called on all of Headlamp's details pages. */
function claimOf(resource?: KubeObject): Target | undefined {
  if (resource?.kind !== 'PersistentVolumeClaim') return undefined;
  const { name, namespace = '' } = resource.metadata;
  return { cluster: resource.cluster, namespace, name };
}
