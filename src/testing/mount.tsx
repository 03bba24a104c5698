import '../index';
import '@testing-library/jest-dom/vitest';
import type {
  DetailsViewSection,
  DetailsViewsSectionProcessor,
} from '@kinvolk/headlamp-plugin/lib/components/DetailsViewSection/detailsViewSectionSlice';
import type { KubeObject } from '@kinvolk/headlamp-plugin/lib/k8s/cluster';
import { queryClient } from '@kinvolk/headlamp-plugin/lib/lib/queryClient';
import { setStore } from '@kinvolk/headlamp-plugin/lib/lib/router/createRouteURL';
import { createMuiTheme } from '@kinvolk/headlamp-plugin/lib/lib/themes';
import store from '@kinvolk/headlamp-plugin/lib/redux/stores/store';
import { ThemeProvider } from '@mui/material/styles';
import { QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, configure, render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { SnackbarProvider } from 'notistack';
import { Fragment, type ReactNode } from 'react';
import { Provider } from 'react-redux';
import { BrowserRouter, Route, Switch } from 'react-router-dom';
import { onTestFinished, vi } from 'vitest';
import { emptyIndexedDb } from './emptyIndexedDb';

setStore(store);
// All of Headlamp takes its time, above all beside other tests.
configure({ asyncUtilTimeout: 20_000 });

/** Puts `page` where Headlamp would put it. */
export function mount(page: ReactNode, url: string) {
  // A wide window: jsdom has no layout.
  vi.stubGlobal('matchMedia', (query: string) => ({
    matches: !query.includes('max-width'),
    addListener: () => undefined,
    removeListener: () => undefined,
  }));
  vi.stubGlobal('indexedDB', emptyIndexedDb);
  window.history.pushState({}, '', url);
  onTestFinished(() => {
    cleanup();
    vi.unstubAllGlobals();
  });
  render(
    <Provider store={store}>
      <QueryClientProvider client={queryClient}>
        <ThemeProvider theme={createMuiTheme({ name: 'Light', base: 'light' })}>
          <SnackbarProvider>
            <BrowserRouter>{page}</BrowserRouter>
          </SnackbarProvider>
        </ThemeProvider>
      </QueryClientProvider>
    </Provider>
  );
  return userEvent.setup();
}

/** Opens a page that the plugin has registered, by its path below the cluster, e.g. `/nkvm/volumes`. */
export function openPage(cluster: string, path: string) {
  const routes = Object.values(store.getState().routes.routes);
  return mount(
    <Switch>
      {routes.map(({ path, component: Page }) => (
        <Route key={path} path={`/c/:cluster${path}`} exact>
          <Page />
        </Route>
      ))}
    </Switch>,
    `/c/${cluster}${path}`
  );
}

/** Leads to another address without a new page, as Back does. */
export const goTo = (url: string): void =>
  act(() => {
    window.history.pushState({}, '', url);
    window.dispatchEvent(new PopStateEvent('popstate', { state: {} }));
  });

/** Opens what the plugin adds to the page of an object: its header actions and its sections. */
export function openDetails(
  cluster: string,
  kind: string,
  { namespace, name }: { namespace: string; name: string }
) {
  const resource = { kind, cluster, metadata: { namespace, name, uid: `uid-${name}` } };
  const { actionButtons, detailsViewSection } = store.getState();
  const sections = detailsViewSection.detailsViewSectionsProcessors.reduce(
    (before, { processor }) => processor(resource as unknown as KubeObject, before),
    [] as ReturnType<DetailsViewsSectionProcessor['processor']>
  ) as DetailsViewSection[];
  return mount(
    <>
      {actionButtons.headerActions.map(({ id, action }) => {
        const Action = action as (props: { item: object }) => JSX.Element;
        return <Action key={id} item={resource} />;
      })}
      {sections.map(each => (
        <Fragment key={each.id}>{each.section as ReactNode}</Fragment>
      ))}
    </>,
    `/c/${cluster}/storage/persistentvolumeclaims/${namespace}/${name}`
  );
}

/** Chooses namespaces in Headlamp's filter, for the rest of the test. */
export function selectNamespaces(...namespaces: string[]): void {
  const choose = (chosen: string[]) =>
    act(() => void store.dispatch({ type: 'filter/setNamespaceFilter', payload: chosen }));
  choose(namespaces);
  onTestFinished(() => choose([]));
}
