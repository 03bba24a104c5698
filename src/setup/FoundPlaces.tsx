import { Stack, Typography } from '@mui/material';
import type { FoundPlace, Vouched } from '../api/session/discovery';
import type { PlaceChoice } from '../api/session/place';
import { ActionButton } from '../ui/buttons/ActionButton';
import { type Translate, useText } from '../ui/text';

/** What the cluster says of a NKVM that was found, in one or two sentences. */
export function vouchedText(vouched: Vouched, namespace: string, t: Translate): string {
  switch (vouched) {
    case 'yes':
      return t(
        'A cluster administrator has installed NKVM there. A ClusterRoleBinding gives its ServiceAccount the permission to check tokens.'
      );
    case 'no':
      return t(
        'This service was not installed with deploy/k8s. No ClusterRoleBinding gives ServiceAccount nkvm-runner of namespace {{namespace}} the permission to check tokens.',
        { namespace }
      );
    case 'unknown':
      return t(
        'You don’t have permission to list ClusterRoleBindings, so it is not known who has installed it. Ask a cluster administrator before you use it.'
      );
  }
}

/** What it means to use a place. */
export const trustText = (t: Translate): string =>
  t(
    'Use only a place where the administrators of this cluster run NKVM. The service there receives what you enter, such as the credentials of destinations, and what it says about your backups is shown to you.'
  );

interface FoundPlacesProps {
  found: FoundPlace[];
  /** A person has decided to use it. */
  onUse(place: PlaceChoice): void;
}

/** Services that look like NKVM, and a button for each that may be it. */
export function FoundPlaces({ found, onUse }: FoundPlacesProps) {
  const { t } = useText();
  return (
    <Stack component="ul" spacing={1.5} sx={{ listStyle: 'none', m: 0, p: 0, textAlign: 'left' }}>
      {found.map(({ vouched, ...place }) => (
        <Stack component="li" key={`${place.namespace}/${place.service}`} spacing={0.5}>
          <Typography>{t('Namespace {{namespace}}, Service {{service}}', { ...place })}</Typography>
          <Typography variant="body2" color="text.secondary">
            {vouchedText(vouched, place.namespace, t)}
          </Typography>
          {vouched !== 'no' && (
            <span>
              <ActionButton
                text={t('Use it')}
                label={t('Use it, Service {{service}} in namespace {{namespace}}', { ...place })}
                onClick={() => onUse(place)}
              />
            </span>
          )}
        </Stack>
      ))}
    </Stack>
  );
}
