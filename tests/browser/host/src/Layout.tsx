import { ActivitiesRenderer } from '@kinvolk/headlamp-plugin/lib/components/activity/Activity';
import RouteSwitcher from '@kinvolk/headlamp-plugin/lib/components/App/RouteSwitcher';
import Sidebar, { NavigationTabs } from '@kinvolk/headlamp-plugin/lib/components/Sidebar';
import { getCluster } from '@kinvolk/headlamp-plugin/lib/lib/cluster';
import { useCluster } from '@kinvolk/headlamp-plugin/lib/lib/k8s';
import { request } from '@kinvolk/headlamp-plugin/lib/lib/k8s/api/v1/clusterRequests';
import type { Cluster } from '@kinvolk/headlamp-plugin/lib/lib/k8s/cluster';
import { getSavedNamespaces } from '@kinvolk/headlamp-plugin/lib/lib/storage';
import { setConfig } from '@kinvolk/headlamp-plugin/lib/redux/configSlice';
import { setNamespaceFilter } from '@kinvolk/headlamp-plugin/lib/redux/filterSlice';
import { useTypedSelector } from '@kinvolk/headlamp-plugin/lib/redux/hooks';
import { useUIPanelsGroupedBySide } from '@kinvolk/headlamp-plugin/lib/redux/uiSlice';
import { Box, Container, CssBaseline } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useDispatch } from 'react-redux';
import { ActionsNotifier } from './ActionsNotifier';
import { TopBar } from './TopBar';

/** Asks the server for its clusters, again and again, as Headlamp does. */
function useConfig() {
  const dispatch = useDispatch();
  useQuery({
    queryKey: ['cluster-fetch'],
    refetchInterval: 10_000,
    queryFn: async () => {
      const config: { clusters: Cluster[] } = await request('/config', {}, false, false);
      const clusters = Object.fromEntries(config.clusters.map(cluster => [cluster.name, cluster]));
      dispatch(setConfig({ ...config, clusters }));
      return config;
    },
  });
}

/** Each cluster has a namespace filter of its own, kept in the browser. */
function useSavedNamespaceFilter() {
  const dispatch = useDispatch();
  const cluster = useCluster();
  useEffect(() => {
    if (cluster) dispatch(setNamespaceFilter(getSavedNamespaces(cluster)));
  }, [cluster, dispatch]);
}

export default function Layout() {
  useConfig();
  useSavedNamespaceFilter();
  const arePluginsLoaded = useTypedSelector(state => state.plugins.loaded);
  const clusters = useTypedSelector(state => state.config.clusters);
  const isFullWidth = useTypedSelector(state => state.ui.isFullWidth);
  const panels = useUIPanelsGroupedBySide();
  const panelsAt = (side: keyof typeof panels) =>
    panels[side].map(it => <it.component key={it.id} />);

  return (
    <>
      <CssBaseline enableColorScheme />
      <ActionsNotifier />
      <Box sx={{ display: 'flex', height: '100dvh' }}>
        {panelsAt('left')}
        <Box sx={{ display: 'flex', overflow: 'auto', flexDirection: 'column', flexGrow: 1 }}>
          {panelsAt('top')}
          <TopBar />
          <Box
            sx={{
              display: 'grid',
              overflow: 'hidden',
              flexGrow: 1,
              position: 'relative',
              gridTemplateRows: '1fr min-content',
              gridTemplateColumns: 'min-content 1fr',
            }}
          >
            <Sidebar />
            <Box
              component="main"
              id="main"
              sx={{
                overflow: 'auto',
                position: 'relative',
                minHeight: 0,
                gridColumn: '2 / 3',
                gridRow: '1 / 2',
              }}
            >
              <Container
                maxWidth={isFullWidth ? false : 'xl'}
                disableGutters={isFullWidth}
                sx={{ height: '100%' }}
              >
                <NavigationTabs />
                {arePluginsLoaded && (
                  <RouteSwitcher
                    requiresToken={() => clusters?.[getCluster() ?? '']?.useToken ?? true}
                  />
                )}
              </Container>
            </Box>
            <ActivitiesRenderer />
          </Box>
          {panelsAt('bottom')}
        </Box>
        {panelsAt('right')}
      </Box>
    </>
  );
}
