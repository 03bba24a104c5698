import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { Button, Stack, Typography } from '@mui/material';
import { useState } from 'react';
import { DEFAULT_PLACE, type PlaceChoice } from '../api/session/place';
import { trustText } from '../setup/FoundPlaces';
import { Message } from '../ui/Message';
import { type Translate, useText } from '../ui/text';
import { choiceFrom, fieldsOf, isWrong, type PlaceFields } from './placeFields';
import { PlaceFieldsOf } from './PlaceFieldsOf';
import { savePlaces, usePlaces } from './places';
import { PlaceTools } from './PlaceTools';
import { ProtectedFrom } from './ProtectedFrom';

/** What is typed and not saved. */
interface Edit {
  fields: PlaceFields;
  /** What was stored when it was typed. */
  before: PlaceChoice | undefined;
}

/** The settings of the plugin: where NKVM is, for all clusters and for single ones. */
export function PlaceSettingsPage() {
  const { t } = useText();
  const configuration = K8s.useClustersConf();
  const places = usePlaces();
  const [ofAll, setOfAll] = useState<Edit>();
  const [ofClusters, setOfClusters] = useState<Readonly<Record<string, Edit>>>({});
  const [result, setResult] = useState<'stored' | 'notStored'>();
  const all = ofAll?.fields ?? fieldsOf(places.all);
  const clusters = [
    ...new Set(
      [configuration ?? {}, places.clusters, ofClusters].flatMap(each => Object.keys(each))
    ),
  ].sort();
  const storedFor = (cluster: string) => own(places.clusters, cluster);
  const fieldsFor = (cluster: string) =>
    own(ofClusters, cluster)?.fields ?? fieldsOf(storedFor(cluster));
  const isWrongSomewhere = [all, ...clusters.map(fieldsFor)].some(
    fields => isWrong('namespace', fields.namespace) || isWrong('service', fields.service)
  );
  const usual = choiceFrom(all) ?? DEFAULT_PLACE;

  function changeAll(fields: PlaceFields) {
    setResult(undefined);
    setOfAll(edit => ({ fields, before: edit ? edit.before : places.all }));
  }
  function change(cluster: string, fields: PlaceFields) {
    setResult(undefined);
    setOfClusters(edits => {
      const edit = own(edits, cluster);
      return { ...edits, [cluster]: { fields, before: edit ? edit.before : storedFor(cluster) } };
    });
  }
  function save() {
    const isStored = savePlaces(stored => ({
      ...stored,
      all: ofAll ? choiceFrom(ofAll.fields) : stored.all,
      clusters: Object.fromEntries(
        [...new Set([...Object.keys(stored.clusters), ...Object.keys(ofClusters)])].flatMap(
          cluster => {
            const edit = own(ofClusters, cluster);
            const choice = edit ? choiceFrom(edit.fields) : own(stored.clusters, cluster);
            return choice ? [[cluster, choice] as const] : [];
          }
        )
      ),
    }));
    setOfAll(undefined);
    setOfClusters({});
    setResult(isStored ? 'stored' : 'notStored');
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
        <PlaceFieldsOf id="all" fields={all} usual={DEFAULT_PLACE} change={changeAll} />
        <SavedElsewhere edit={ofAll} stored={places.all} usual={DEFAULT_PLACE} />
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
          <SavedElsewhere
            edit={own(ofClusters, cluster)}
            stored={storedFor(cluster)}
            usual={usual}
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
          {isWrongSomewhere ? t('Correct the names first.') : resultText(result, t)}
        </Typography>
      </Stack>
    </Stack>
  );
}

interface SavedElsewhereProps {
  edit: Edit | undefined;
  stored: PlaceChoice | undefined;
  /** What counts where nothing is stored. */
  usual: PlaceChoice;
}

/** Says that another tab has saved a place while the person was typing one. */
function SavedElsewhere({ edit, stored, usual }: SavedElsewhereProps) {
  const { t } = useText();
  if (!edit || isSame(edit.before, stored)) return null;
  return (
    <Message severity="warning" role="status">
      {t(
        'Another tab has saved namespace {{namespace}} and Service {{service}} in the meantime. Save replaces them with the names that are entered here.',
        { ...(stored ?? usual) }
      )}
    </Message>
  );
}

const isSame = (one: PlaceChoice | undefined, other: PlaceChoice | undefined): boolean =>
  one?.namespace === other?.namespace && one?.service === other?.service;

/** A cluster can have any name, also one that every object has. */
const own = <T,>(values: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(values, key) ? values[key] : undefined;

function resultText(result: 'stored' | 'notStored' | undefined, t: Translate): string {
  switch (result) {
    case 'stored':
      return t('Saved.');
    case 'notStored':
      return t('The browser did not store the settings. They apply until this page is reloaded.');
    case undefined:
      return '';
  }
}
