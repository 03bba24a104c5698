import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { Stack, Typography } from '@mui/material';
import { useState } from 'react';
import { failureOf } from '../api/failure';
import type { Protector } from '../api/session/place';
import { findProtectors } from '../api/session/protectors';
import { chooseProtector } from '../settings/places';
import { ActionButton } from '../ui/buttons/ActionButton';
import { Message } from '../ui/Message';
import { type Translate, useText } from '../ui/text';

type Search = Protector[] | 'noRight' | 'failed';

/**
 * Whether the NKVM of another cluster of Headlamp backs up this one. The other clusters are asked only when a person wants it, and
 * what is found is used only when the person says so: from then on, that NKVM gets tokens of this cluster.
 */
export function InOtherClusters({
  cluster,
  onFound,
}: {
  cluster: string;
  /** Is told after each search whether there is one. */
  onFound(isFound: boolean): void;
}) {
  const { t } = useText();
  const others = Object.keys(K8s.useClustersConf() ?? {}).filter(name => name !== cluster);
  const [search, setSearch] = useState<Search>();
  const [isBusy, setBusy] = useState(false);
  if (others.length === 0) return null;
  async function look() {
    setBusy(true);
    const result = await findProtectors(cluster, others).catch(
      (error): Search => (failureOf(error).status === 403 ? 'noRight' : 'failed')
    );
    setSearch(result);
    onFound(Array.isArray(result) && result.length > 0);
    setBusy(false);
  }
  const found = Array.isArray(search) ? search : [];
  return (
    <>
      <span>
        <ActionButton
          text={t('Look in the other clusters')}
          isInert={isBusy}
          onClick={() => void look()}
        />
      </span>
      {search !== undefined && found.length === 0 && (
        <Typography color="text.secondary" role="status">
          {nothingText(search, t)}
        </Typography>
      )}
      {found.length > 0 && (
        <Message severity="info" sx={{ textAlign: 'left' }}>
          <Stack spacing={1.5}>
            {found.map(protector => (
              <Stack key={protector.runsIn} spacing={0.5}>
                <Typography fontWeight="bold">{protectorText(protector, t)}</Typography>
                <span>
                  <ActionButton
                    text={t('Use it')}
                    label={t('Use the NKVM of cluster {{runsIn}}', { ...protector })}
                    onClick={() => chooseProtector(cluster, protector)}
                  />
                </span>
              </Stack>
            ))}
            <Typography variant="body2">
              {t(
                'Use it only if the administrators of this cluster let that NKVM back it up. That NKVM gets short-lived tokens of this cluster, which prove your permissions.'
              )}
            </Typography>
          </Stack>
        </Message>
      )}
    </>
  );
}

export const protectorText = (protector: Protector, t: Translate): string =>
  t('The NKVM of cluster {{runsIn}} backs up this cluster under the name {{as}}.', {
    ...protector,
  });

function nothingText(search: Search, t: Translate): string {
  if (search === 'noRight') {
    return t(
      'To recognise this cluster, you need the permission to get namespace kube-system. Ask a cluster administrator.'
    );
  }
  return search === 'failed'
    ? t('The API server of this cluster did not answer. Try again.')
    : t(
        'No NKVM in your other clusters says that it backs up this one. It may be that you do not have permission to see this.'
      );
}
