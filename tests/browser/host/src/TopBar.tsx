import { Icon } from '@iconify/react';
import { AppLogo } from '@kinvolk/headlamp-plugin/lib/components/App/AppLogo';
import { SettingsButton } from '@kinvolk/headlamp-plugin/lib/components/App/Settings';
import { ClusterTitle } from '@kinvolk/headlamp-plugin/lib/components/cluster/Chooser';
import ErrorBoundary from '@kinvolk/headlamp-plugin/lib/components/common/ErrorBoundary';
import { setWhetherSidebarOpen } from '@kinvolk/headlamp-plugin/lib/components/Sidebar/sidebarSlice';
import { useCluster, useClustersConf } from '@kinvolk/headlamp-plugin/lib/lib/k8s';
import type { AppBarAction } from '@kinvolk/headlamp-plugin/lib/redux/actionButtonsSlice';
import { useTypedSelector } from '@kinvolk/headlamp-plugin/lib/redux/hooks';
import { AppBar, Box, IconButton, Toolbar, useMediaQuery } from '@mui/material';
import { type ComponentType, isValidElement } from 'react';
import { useDispatch } from 'react-redux';
import { Account } from './Account';

/** Plugins register an element, a component, or `{id, action}` with one of them. */
function Action({ of }: { of: AppBarAction }) {
  const action: unknown = !isValidElement(of) && typeof of === 'object' ? of.action : of;
  if (!action) return null;
  if (isValidElement(action)) return action;
  const Component = action as ComponentType;
  return <Component />;
}

/** What Headlamp shows at the top, in short: logo, cluster, the plugins' actions, settings, account. */
export function TopBar() {
  const dispatch = useDispatch();
  const isNarrow = useMediaQuery('(max-width:599px)');
  const isOpen = useTypedSelector(state => state.sidebar.isSidebarOpen);
  const cluster = useCluster();
  const clusters = useClustersConf() ?? {};
  const registered = useTypedSelector(state => state.actionButtons.appBarActions);
  const processors = useTypedSelector(state => state.actionButtons.appBarActionsProcessors);

  const chooser = cluster && (
    <ClusterTitle cluster={cluster} clusters={clusters} onClick={() => undefined} />
  );
  const actions = processors.reduce<AppBarAction[]>(
    (all, { processor }) => processor({ actions: all }),
    [
      ...(chooser ? [{ id: 'CLUSTER', action: chooser }] : []),
      ...registered,
      { id: 'SETTINGS', action: <SettingsButton /> },
      { id: 'USER', action: <Account /> },
    ]
  );

  return (
    <AppBar
      position="static"
      elevation={1}
      component="nav"
      aria-label="Appbar Tools"
      color="default"
    >
      <Toolbar sx={{ gap: 1 }}>
        {isNarrow && (
          <IconButton
            aria-label="Open menu"
            onClick={() => dispatch(setWhetherSidebarOpen(!isOpen))}
          >
            <Icon icon="mdi:menu" />
          </IconButton>
        )}
        <AppLogo logoType={isNarrow ? 'small' : 'large'} />
        <Box flexGrow={1} />
        {actions.map((action, index) => (
          <ErrorBoundary key={action.id ?? index}>
            <Action of={action} />
          </ErrorBoundary>
        ))}
      </Toolbar>
    </AppBar>
  );
}
