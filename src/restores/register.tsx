import { registerRoute } from '@kinvolk/headlamp-plugin/lib';
import { Frame } from '../Frame';
import { RESTORE_ROUTE, RESTORE_RUN_ROUTE, SIDEBAR_ENTRY } from '../routes';
import { RestoreRunRoute } from './RestorePage';
import { RestoreRoute } from './RestoreWizard';

export function registerRestores(): void {
  registerRoute({
    ...RESTORE_ROUTE,
    sidebar: SIDEBAR_ENTRY,
    exact: true,
    component: () => (
      <Frame>
        <RestoreRoute />
      </Frame>
    ),
  });
  registerRoute({
    ...RESTORE_RUN_ROUTE,
    sidebar: SIDEBAR_ENTRY,
    exact: true,
    component: () => (
      <Frame>
        <RestoreRunRoute />
      </Frame>
    ),
  });
}
