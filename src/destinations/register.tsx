import { registerRoute, registerSidebarEntry } from '@kinvolk/headlamp-plugin/lib';
import { Frame } from '../Frame';
import {
  DESTINATION_ROUTE,
  DESTINATIONS_ROUTE,
  EDIT_DESTINATION_ROUTE,
  NEW_DESTINATION_ROUTE,
  SIDEBAR_DESTINATIONS,
  SIDEBAR_PARENT,
} from '../routes';
import { DestinationRoute } from './DestinationPage';
import { DestinationsPage } from './DestinationsPage';
import { EditRoute } from './EditPage';
import { WizardRoute } from './Wizard';

/** The first one that fits an address is taken. */
const PAGES = [
  [DESTINATIONS_ROUTE, DestinationsPage],
  [NEW_DESTINATION_ROUTE, WizardRoute],
  [DESTINATION_ROUTE, DestinationRoute],
  [EDIT_DESTINATION_ROUTE, EditRoute],
] as const;

export function registerDestinations(): void {
  registerSidebarEntry({
    parent: SIDEBAR_PARENT,
    name: SIDEBAR_DESTINATIONS,
    label: 'Destinations',
    url: DESTINATIONS_ROUTE.path,
  });
  for (const [route, Page] of PAGES) {
    registerRoute({
      ...route,
      sidebar: SIDEBAR_DESTINATIONS,
      exact: true,
      component: () => (
        <Frame>
          <Page />
        </Frame>
      ),
    });
  }
}
