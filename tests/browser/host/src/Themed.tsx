import { useCurrentAppTheme } from '@kinvolk/headlamp-plugin/lib/components/App/themeSlice';
import { createMuiTheme, usePrefersColorScheme } from '@kinvolk/headlamp-plugin/lib/lib/themes';
import { StyledEngineProvider, ThemeProvider } from '@mui/material/styles';
import { type PropsWithChildren, useMemo } from 'react';
import { useTranslation } from 'react-i18next';

/** Headlamp's current theme. Shows nothing until Headlamp's own strings are loaded. */
export function Themed({ children }: PropsWithChildren) {
  usePrefersColorScheme();
  const appTheme = useCurrentAppTheme();
  const theme = useMemo(() => createMuiTheme(appTheme), [appTheme]);
  const { ready } = useTranslation(['translation', 'glossary'], { useSuspense: false });
  return (
    <StyledEngineProvider injectFirst>
      <ThemeProvider theme={theme}>{ready ? children : null}</ThemeProvider>
    </StyledEngineProvider>
  );
}
