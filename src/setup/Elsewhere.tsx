import { Button, Stack, Typography } from '@mui/material';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router-dom';
import { choosePlace, PLUGIN } from '../settings/places';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { FoundPlaces, trustText } from './FoundPlaces';
import { InOtherClusters } from './InOtherClusters';
import { useFoundPlaces } from './useFoundPlaces';

/**
 * Where NKVM is not at the place that is asked: whether it is in another one. Whoever owns a namespace can make a Service
 * that looks like NKVM, so it is shown, and used only when the person says so.
 * @param children how to install it; where it is found elsewhere, they are shown only when the person wants them
 */
export function Elsewhere({ cluster, children }: { cluster: string; children?: ReactNode }) {
  const { t } = useText();
  const [hasProtector, setHasProtector] = useState(false);
  const search = useFoundPlaces(cluster);
  const found = Array.isArray(search) ? search : [];
  const isProposed = hasProtector || found.some(({ vouched }) => vouched !== 'no');
  return (
    <>
      {found.length > 0 && (
        <Message severity="info" sx={{ textAlign: 'left' }}>
          <Stack spacing={1.5}>
            <Typography fontWeight="bold">
              {t('NKVM was found in another place of this cluster')}
            </Typography>
            <FoundPlaces found={found} onUse={place => choosePlace(cluster, place)} />
            <Typography variant="body2">{trustText(t)}</Typography>
          </Stack>
        </Message>
      )}
      {search === 'noRight' && (
        <Typography color="text.secondary">
          {t(
            'If NKVM is installed in another namespace, ask a cluster administrator for its name and enter it in the settings of the plugin.'
          )}
        </Typography>
      )}
      <InOtherClusters cluster={cluster} onFound={setHasProtector} />
      {isProposed && children ? <OnDemand>{children}</OnDemand> : children}
    </>
  );
}

function OnDemand({ children }: { children: ReactNode }) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <span>
        <Button aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {t('NKVM is not installed for this cluster')}
        </Button>
      </span>
      {isOpen && children}
    </>
  );
}

/** Leads to the page where a place can be entered. */
export function PlaceSettingsLink() {
  const { t } = useText();
  return (
    <Button component={Link} to={`/settings/plugins/${PLUGIN}`}>
      {t('Settings of the plugin')}
    </Button>
  );
}
