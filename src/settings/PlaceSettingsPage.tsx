import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { Button, Stack, Typography } from '@mui/material';
import { useState } from 'react';
import { DEFAULT_PLACE, placeSettings } from '../api/session/place';
import { trustText } from '../setup/FoundPlaces';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { choiceFrom, fieldsOf, isWrong, type PlaceFields } from './placeFields';
import { PlaceFieldsOf } from './PlaceFieldsOf';
import { savePlaces } from './places';
import { PlaceTools } from './PlaceTools';
import { ProtectedFrom } from './ProtectedFrom';

const NOTHING = fieldsOf(undefined);

/** The settings of the plugin: where NKVM is, for all clusters and for single ones. */
export function PlaceSettingsPage() {
  const { t } = useText();
  const configuration = K8s.useClustersConf();
  const [stored] = useState(placeSettings);
  const [all, setAll] = useState(fieldsOf(stored.all));
  const [own, setOwn] = useState<Readonly<Record<string, PlaceFields>>>(() =>
    Object.fromEntries(
      Object.entries(stored.clusters).map(([cluster, choice]) => [cluster, fieldsOf(choice)])
    )
  );
  const [isSaved, setSaved] = useState(false);
  const clusters = [
    ...new Set([...Object.keys(configuration ?? {}), ...Object.keys(stored.clusters)]),
  ].sort();
  const fieldsFor = (cluster: string) => own[cluster] ?? NOTHING;
  const isWrongSomewhere = [all, ...clusters.map(fieldsFor)].some(
    fields => isWrong('namespace', fields.namespace) || isWrong('service', fields.service)
  );
  const usual = choiceFrom(all) ?? DEFAULT_PLACE;

  function change(cluster: string, fields: PlaceFields) {
    setSaved(false);
    setOwn(before => ({ ...before, [cluster]: fields }));
  }
  function save() {
    const chosen = clusters.flatMap(cluster => {
      const choice = choiceFrom(fieldsFor(cluster));
      return choice ? [[cluster, choice] as const] : [];
    });
    savePlaces({
      ...placeSettings(),
      ...{ all: choiceFrom(all), clusters: Object.fromEntries(chosen) },
    });
    setSaved(true);
  }

  return (
    <Stack spacing={3} sx={{ pt: 2, maxWidth: 760 }}>
      <Typography>
        {t(
          'The plugin expects NKVM in namespace {{namespace}}, as Service {{service}}. If NKVM is installed elsewhere, enter its namespace and Service here. Settings apply to this browser only.',
          { ...DEFAULT_PLACE }
        )}
      </Typography>
      <Message severity="warning">{trustText(t)}</Message>
      <Stack component="section" spacing={1.5} aria-label={t('All clusters')}>
        <Typography component="h2" variant="h6">
          {t('All clusters')}
        </Typography>
        <PlaceFieldsOf
          id="all"
          fields={all}
          usual={DEFAULT_PLACE}
          change={fields => {
            setSaved(false);
            setAll(fields);
          }}
        />
      </Stack>
      {clusters.map(cluster => (
        <Stack key={cluster} component="section" spacing={1.5} aria-label={cluster}>
          <Typography component="h2" variant="h6" sx={{ overflowWrap: 'anywhere' }}>
            {cluster}
          </Typography>
          <ProtectedFrom cluster={cluster} />
          <PlaceFieldsOf
            id={cluster}
            fields={fieldsFor(cluster)}
            usual={usual}
            change={fields => change(cluster, fields)}
          />
          <PlaceTools
            cluster={cluster}
            fields={fieldsFor(cluster)}
            usual={usual}
            onUse={place => change(cluster, fieldsOf(place))}
          />
        </Stack>
      ))}
      <Stack direction="row" alignItems="center" gap={1.5}>
        <Button
          variant="contained"
          aria-disabled={isWrongSomewhere || undefined}
          onClick={isWrongSomewhere ? undefined : save}
          sx={{ opacity: isWrongSomewhere ? 0.5 : undefined }}
        >
          {t('Save')}
        </Button>
        <Typography variant="body2" color="text.secondary" role="status">
          {isWrongSomewhere ? t('Correct the names first.') : isSaved ? t('Saved.') : ''}
        </Typography>
      </Stack>
    </Stack>
  );
}
