import { registerRoute, registerSidebarEntry } from '@kinvolk/headlamp-plugin/lib';
import type { ComponentType } from 'react';
import { AccessRoute } from './access/AccessPage';
import { AuditPage } from './audit/AuditPage';
import { BackupsPage } from './backups/list/BackupsPage';
import { RunRoute } from './backups/run/RunPage';
import { ClustersPage } from './clusters/ClustersPage';
import { DestinationRoute } from './destinations/DestinationPage';
import { DestinationsPage } from './destinations/DestinationsPage';
import { EditRoute } from './destinations/EditPage';
import { WizardRoute } from './destinations/Wizard';
import { DoctorPage } from './doctor/DoctorPage';
import { CompareRoute } from './files/ComparePage';
import { FilesRoute } from './files/FilesPage';
import { VersionsRoute } from './files/VersionsPage';
import { Frame } from './Frame';
import { RestoreRunRoute } from './restores/run/RestorePage';
import { RestoreRoute } from './restores/wizard/RestoreWizard';
import {
  ACCESS_ROUTE,
  AUDIT_ROUTE,
  BACKUP_ROUTE,
  BACKUPS_ROUTE,
  CLUSTERS_ROUTE,
  COMPARE_ROUTE,
  DESTINATION_ROUTE,
  DESTINATIONS_ROUTE,
  DOCTOR_ROUTE,
  EDIT_DESTINATION_ROUTE,
  FILES_ROUTE,
  NEW_DESTINATION_ROUTE,
  RESTORE_ROUTE,
  RESTORE_RUN_ROUTE,
  type Route,
  VERSIONS_ROUTE,
  VOLUME_ROUTE,
  VOLUMES_ROUTE,
} from './routes';
import { backUpIcon } from './ui/icons';
import { VolumeRoute } from './volumes/VolumePage';
import { VolumesPage } from './volumes/VolumesPage';

/** The entry of the sidebar that the others are below. */
const PARENT = { name: 'nkvm', label: 'Volumes & Backups', route: VOLUMES_ROUTE, icon: backUpIcon };

interface Entry {
  /** Of the entry in the sidebar. */
  name: string;
  label: string;
  /** The page that the entry opens comes first; the first route that fits an address is taken. */
  pages: [Route, ComponentType][];
}

/** Everything that the sidebar of Headlamp and its routes know of the plugin. */
const ENTRIES: Entry[] = [
  {
    name: 'nkvm-volumes',
    label: 'Volumes',
    pages: [
      [VOLUMES_ROUTE, VolumesPage],
      [VOLUME_ROUTE, VolumeRoute],
      [RESTORE_ROUTE, RestoreRoute],
      [RESTORE_RUN_ROUTE, RestoreRunRoute],
      [ACCESS_ROUTE, AccessRoute],
    ],
  },
  {
    name: 'nkvm-backups',
    label: 'Backups',
    pages: [
      [BACKUPS_ROUTE, BackupsPage],
      [BACKUP_ROUTE, RunRoute],
      [FILES_ROUTE, FilesRoute],
      [VERSIONS_ROUTE, VersionsRoute],
      [COMPARE_ROUTE, CompareRoute],
    ],
  },
  {
    name: 'nkvm-destinations',
    label: 'Destinations',
    pages: [
      [DESTINATIONS_ROUTE, DestinationsPage],
      [NEW_DESTINATION_ROUTE, WizardRoute],
      [DESTINATION_ROUTE, DestinationRoute],
      [EDIT_DESTINATION_ROUTE, EditRoute],
    ],
  },
  { name: 'nkvm-clusters', label: 'Clusters', pages: [[CLUSTERS_ROUTE, ClustersPage]] },
  { name: 'nkvm-doctor', label: 'Doctor', pages: [[DOCTOR_ROUTE, DoctorPage]] },
  {
    name: 'nkvm-audit',
    label: 'Audit',
    pages: [[AUDIT_ROUTE, AuditPage]],
  },
];

/** Registers every page, and the entries of the sidebar that lead to them. */
export function registerNavigation(): void {
  const { route, ...parent } = PARENT;
  registerSidebarEntry({ ...parent, parent: null, url: route.path });
  for (const { name, label, pages } of ENTRIES) {
    const [[first]] = pages as [[Route, ComponentType]];
    registerSidebarEntry({ parent: PARENT.name, name, label, url: first.path });
    for (const [route, Page] of pages) {
      registerRoute({
        ...route,
        sidebar: name,
        exact: true,
        component: () => (
          <Frame>
            <Page />
          </Frame>
        ),
      });
    }
  }
}
