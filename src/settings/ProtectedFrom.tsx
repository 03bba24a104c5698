import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { MenuItem, Stack, TextField, Typography } from '@mui/material';
import { useState } from 'react';
import { isName } from '../api/session/place';
import { protectorText } from '../setup/InOtherClusters';
import { ActionButton } from '../ui/buttons/ActionButton';
import { useText } from '../ui/text';
import { chooseProtector, usePlaces } from './places';

/** Which NKVM backs up a cluster, where that runs in another one. It is kept at once. */
export function ProtectedFrom({ cluster }: { cluster: string }) {
  const { t } = useText();
  const others = Object.keys(K8s.useClustersConf() ?? {}).filter(name => name !== cluster);
  const chosen = usePlaces().protectors?.[cluster];
  const [runsIn, setRunsIn] = useState('');
  const [as, setAs] = useState('');
  if (chosen) {
    return (
      <Stack direction="row" flexWrap="wrap" alignItems="center" gap={1.5}>
        <Typography>{protectorText(chosen, t)}</Typography>
        <ActionButton
          text={t('Do not use it')}
          label={t('Do not use another cluster’s NKVM for {{cluster}}', { cluster })}
          onClick={() => chooseProtector(cluster, undefined)}
        />
      </Stack>
    );
  }
  if (others.length === 0) return null;
  const isReady = others.includes(runsIn) && isName(as);
  return (
    <Stack direction="row" flexWrap="wrap" alignItems="center" gap={1.5}>
      <TextField
        select
        size="small"
        label={t('NKVM runs in cluster')}
        value={runsIn}
        InputLabelProps={{ shrink: true }}
        SelectProps={{ displayEmpty: true }}
        onChange={({ target }) => setRunsIn(target.value)}
        sx={{ minWidth: '12rem' }}
      >
        <MenuItem value="">{t('This one')}</MenuItem>
        {others.map(name => (
          <MenuItem key={name} value={name}>
            {name}
          </MenuItem>
        ))}
      </TextField>
      {runsIn !== '' && (
        <>
          <TextField
            size="small"
            label={t('Name of this cluster there')}
            value={as}
            error={as !== '' && !isName(as)}
            InputLabelProps={{ shrink: true }}
            onChange={({ target }) => setAs(target.value.trim())}
          />
          <ActionButton
            text={t('Use it')}
            label={t('Use the NKVM of cluster {{runsIn}}', { runsIn })}
            isInert={!isReady}
            onClick={() => chooseProtector(cluster, { runsIn, as })}
          />
        </>
      )}
    </Stack>
  );
}
