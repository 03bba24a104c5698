import { Box, Stack } from '@mui/material';
import { useState } from 'react';
import type { Volume } from '../../../sidecar/api';
import { useVolume } from '../../api/queries/queries';
import { ComboBox } from '../../ui/fields/ComboBox';
import { Message } from '../../ui/Message';
import { useText } from '../../ui/text';
import { isClaimName, isNamespaceName } from './names';
import type { StepProps } from './stepProps';
import { UsedBy } from './UsedBy';

const textOf = ({ namespace, name }: { namespace: string; name: string }) =>
  namespace || name ? `${namespace}/${name}` : '';

/** Which claim is written to. One that is not listed can be typed. @param volumes that the person may see. */
export function ClaimPicker({
  cluster,
  draft: { target },
  change,
  volumes,
}: StepProps & { volumes: Volume[] }) {
  const { t } = useText();
  const [typed, setTyped] = useState(textOf(target));
  const isClaim = isNamespaceName(target.namespace) && isClaimName(target.name);
  return (
    <Stack spacing={1.5}>
      <Box sx={{ maxWidth: 480 }}>
        <ComboBox
          label={t('Claim')}
          placeholder="namespace/name"
          value={typed}
          options={volumes.filter(({ volumeMode }) => volumeMode === 'Filesystem').map(textOf)}
          onChange={text => {
            setTyped(text);
            const [namespace = '', name = ''] = text.trim().split('/');
            change({ target: { namespace, name } });
          }}
          isWrong={typed !== '' && !isClaim}
          helperText={typed !== '' && !isClaim ? t('Namespace and name, e.g. shop/data') : ' '}
        />
      </Box>
      {isClaim && <Chosen cluster={cluster} {...target} />}
    </Stack>
  );
}

function Chosen({
  cluster,
  namespace,
  name,
}: {
  cluster: string;
  namespace: string;
  name: string;
}) {
  const { t } = useText();
  const { value: volume, trouble } = useVolume(cluster, { namespace, name });
  if (trouble?.kind === 'notFound') {
    return (
      <Message severity="warning">
        {t('Claim {{volume}} does not exist.', { volume: `${namespace}/${name}` })}
      </Message>
    );
  }
  return volume ? <UsedBy volume={volume} /> : null;
}
