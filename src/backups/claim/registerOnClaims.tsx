import {
  DefaultDetailsViewSection,
  registerDetailsViewHeaderAction,
  registerDetailsViewSectionsProcessor,
} from '@kinvolk/headlamp-plugin/lib';
import type { KubeObject } from '@kinvolk/headlamp-plugin/lib/k8s/cluster';
import { Frame } from '../../Frame';
import { LeavesWindow } from '../../ui/LeavesWindow';
import { BackUpHeaderAction } from '../start/BackUpHeaderAction';
import { placed } from '../start/placed';
import type { Target } from '../start/start';
import { ClaimBackups } from './ClaimBackups';

/** Adds our section and our action to Headlamp's page of a claim. */
export function registerOnClaims(): void {
  registerDetailsViewSectionsProcessor({
    id: 'nkvm-backups',
    processor: (resource, sections) => {
      const target = claimOf(resource ?? undefined);
      if (!target) return sections;
      const section = (
        <Frame clusters={[target.cluster]}>
          <LeavesWindow>
            <ClaimBackups cluster={target.cluster} claim={target} uid={resource?.metadata.uid} />
          </LeavesWindow>
        </Frame>
      );
      return placed({ id: 'nkvm-backups', section }, sections, [
        DefaultDetailsViewSection.METADATA,
        DefaultDetailsViewSection.MAIN_HEADER,
      ]);
    },
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
