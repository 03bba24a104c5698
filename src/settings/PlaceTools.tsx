import { Stack, Typography } from '@mui/material';
import { useState } from 'react';
import { checkPlace, type PlaceCheck } from '../api/session/discovery';
import type { PlaceChoice } from '../api/session/place';
import { FoundPlaces, vouchedText } from '../setup/FoundPlaces';
import { troubleText } from '../setup/troubleText';
import { type Search, searchPlaces } from '../setup/useFoundPlaces';
import { ActionButton } from '../ui/buttons/ActionButton';
import { Message } from '../ui/Message';
import { type Translate, useText } from '../ui/text';
import { choiceFrom, isWrong, type PlaceFields } from './placeFields';

interface PlaceToolsProps {
  cluster: string;
  fields: PlaceFields;
  usual: PlaceChoice;
  /** A person has chosen a place that was found. */
  onUse(place: PlaceChoice): void;
}

/** Checks the place of a cluster as it is typed, before it is saved, and searches for others. */
export function PlaceTools({ cluster, fields, usual, onUse }: PlaceToolsProps) {
  const { t } = useText();
  const [isBusy, setBusy] = useState(false);
  const [checked, setChecked] = useState<{ place: PlaceChoice; check: PlaceCheck }>();
  const [search, setSearch] = useState<Search>();
  const place = choiceFrom(fields) ?? usual;
  const isInert =
    isBusy || isWrong('namespace', place.namespace) || isWrong('service', place.service);

  async function run(work: () => Promise<void>) {
    setBusy(true);
    setChecked(undefined);
    setSearch(undefined);
    await work();
    setBusy(false);
  }
  const check = () =>
    run(async () => setChecked({ place, check: await checkPlace({ cluster, ...place }) }));
  const find = () => run(async () => setSearch(await searchPlaces(cluster)));

  return (
    <Stack spacing={1.5} aria-live="polite">
      <Stack direction="row" flexWrap="wrap" gap={1.5}>
        <ActionButton
          text={t('Check')}
          label={t('Check NKVM of cluster {{cluster}}', { cluster })}
          isInert={isInert}
          onClick={() => void check()}
        />
        <ActionButton
          text={t('Find NKVM')}
          label={t('Find NKVM in cluster {{cluster}}', { cluster })}
          isInert={isBusy}
          onClick={() => void find()}
        />
      </Stack>
      {checked && (
        <Message severity={severityOf(checked.check)}>
          <strong>{t('Namespace {{namespace}}, Service {{service}}', { ...checked.place })}</strong>
          {' · '}
          {checkText(checked.check, checked.place, t)}
        </Message>
      )}
      {search !== undefined &&
        (Array.isArray(search) && search.length > 0 ? (
          <FoundPlaces found={search} onUse={onUse} />
        ) : (
          <Typography variant="body2">{searchText(search, t)}</Typography>
        ))}
    </Stack>
  );
}

function severityOf(check: PlaceCheck): 'success' | 'info' | 'warning' {
  if (check.kind !== 'answers') return 'warning';
  return ({ yes: 'success', unknown: 'info', no: 'warning' } as const)[check.vouched];
}

function checkText(check: PlaceCheck, place: PlaceChoice, t: Translate): string {
  switch (check.kind) {
    case 'answers':
      return `${t('A service answers as NKVM does.')} ${vouchedText(
        check.vouched,
        place.namespace,
        t
      )}`;
    case 'other':
      return t('Another service answers there, which is not NKVM.');
    case 'trouble': {
      if (check.trouble.kind === 'absent') {
        return t('That namespace has no Service of this name.');
      }
      const { title, text } = troubleText(check.trouble, t);
      return `${title}. ${text}`;
    }
  }
}

function searchText(search: Search, t: Translate): string {
  if (search === 'noRight') {
    return t(
      'To search, you need the permission to list services in all namespaces. Ask a cluster administrator where NKVM is installed.'
    );
  }
  return search === 'failed'
    ? t('The API server of this cluster did not answer the search. Try again.')
    : t('NKVM was not found in another place of this cluster.');
}
