import {
  DefaultDetailsViewSection,
  registerDetailsViewSectionsProcessor,
} from '@kinvolk/headlamp-plugin/lib';
import type { KubeObject } from '@kinvolk/headlamp-plugin/lib/k8s/cluster';
import type { ReactNode } from 'react';
import { placed } from '../backups/start/placed';
import { Frame } from '../Frame';
import { NAMESPACE_ROUTE } from '../routes';
import { LeavesWindow } from '../ui/LeavesWindow';
import { NamespaceProtection } from './NamespaceProtection';
import { WorkloadProtection } from './WorkloadProtection';

/** Workloads with a page of Headlamp's, which use volumes. */
const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'Pod'];

/** Adds our section to Headlamp's pages of namespaces and workloads. */
export function registerOnObjects(): void {
  registerDetailsViewSectionsProcessor({
    id: 'nkvm-protection',
    processor: (resource, sections) => {
      const content = resource && contentOf(resource);
      if (!content) return sections;
      const section = (
        <Frame clusters={[resource.cluster]}>
          <LeavesWindow>{content}</LeavesWindow>
        </Frame>
      );
      return placed({ id: 'nkvm-protection', section }, sections, [
        DefaultDetailsViewSection.METADATA,
        DefaultDetailsViewSection.MAIN_HEADER,
      ]);
    },
  });
}

/** @returns undefined for every other kind: the hook is called on all of Headlamp's details pages. */
function contentOf({ kind, cluster, metadata }: KubeObject): ReactNode | undefined {
  const { name, namespace = '' } = metadata;
  if (kind === NAMESPACE_ROUTE) return <NamespaceProtection cluster={cluster} name={name} />;
  if (!WORKLOADS.includes(kind)) return undefined;
  return <WorkloadProtection cluster={cluster} workload={{ kind, namespace, name }} />;
}
