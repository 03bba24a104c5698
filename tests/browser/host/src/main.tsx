/* eslint-disable simple-import-sort/imports */
/** Mounts Headlamp's real pages, taken from the plugin SDK. */
// These two come first, in this order: modules of Headlamp import each other in circles, and other orders of
// evaluation end in `Cannot access 'KubeObject' before initialization`.
import i18n from '@kinvolk/headlamp-plugin/lib/i18n/config';
import Plugins from '@kinvolk/headlamp-plugin/lib/plugin/Plugins';
import { addAPIProvider } from '@iconify/react';
import { setTheme } from '@kinvolk/headlamp-plugin/lib/components/App/themeSlice';
import { PreviousRouteProvider } from '@kinvolk/headlamp-plugin/lib/components/App/RouteSwitcher';
import ErrorBoundary from '@kinvolk/headlamp-plugin/lib/components/common/ErrorBoundary';
import { getBaseUrl } from '@kinvolk/headlamp-plugin/lib/helpers/getBaseUrl';
import { queryClient } from '@kinvolk/headlamp-plugin/lib/lib/queryClient';
import { setStore } from '@kinvolk/headlamp-plugin/lib/lib/router/createRouteURL';
import store from '@kinvolk/headlamp-plugin/lib/redux/stores/store';
import { loader } from '@monaco-editor/react';
import { QueryClientProvider } from '@tanstack/react-query';
import { SnackbarProvider } from 'notistack';
import { createRoot } from 'react-dom/client';
import { I18nextProvider } from 'react-i18next';
import { Provider } from 'react-redux';
import { BrowserRouter } from 'react-router-dom';
import Layout from './Layout';
import { Themed } from './Themed';

setStore(store);
// Both would come from the internet otherwise.
const server = location.origin + getBaseUrl();
loader.config({ paths: { vs: `${server}/assets/vs` } });
addAPIProvider('', { resources: [`${server}/iconify`], path: '/' });

// For tests: the choice of a theme in the settings, without leaving the page.
addEventListener('choose-theme', event =>
  store.dispatch(setTheme((event as CustomEvent<string>).detail))
);

createRoot(document.getElementById('root')!).render(
  <ErrorBoundary fallback={<p>Headlamp has crashed: see the console.</p>}>
    <Provider store={store}>
      <QueryClientProvider client={queryClient}>
        <I18nextProvider i18n={i18n}>
          <Themed>
            <SnackbarProvider anchorOrigin={{ vertical: 'bottom', horizontal: 'left' }}>
              <BrowserRouter basename={getBaseUrl()}>
                <PreviousRouteProvider>
                  <Plugins />
                  <Layout />
                </PreviousRouteProvider>
              </BrowserRouter>
            </SnackbarProvider>
          </Themed>
        </I18nextProvider>
      </QueryClientProvider>
    </Provider>
  </ErrorBoundary>
);
