import { Box, Checkbox, FormControlLabel, FormHelperText, Stack, Typography } from '@mui/material';
import { useState } from 'react';
import type { Destination, DestinationList } from '../../../sidecar/api';
import { MAX_DESTINATIONS_PER_BACKUP } from '../../../sidecar/api/names.ts';
import { useDestinations } from '../../api/queries/destinationQueries';
import { ActionButton } from '../../ui/buttons/ActionButton';
import { destinationIcon } from '../../ui/icons';
import { useText } from '../../ui/text';
import { TextDialog } from '../../ui/TextDialog';
import { DestinationTitle, useDestinationNote } from '../copies/DestinationTitle';
import { useBackUp } from './BackUps';
import type { Target } from './start';

interface BackUpToProps {
  /** Of one cluster: others have other destinations. */
  targets: Target[];
  onStarted?(): void;
}

/** Backs up to destinations that a person chooses. It is not there where there is only one. */
export function BackUpTo({ targets, onStarted }: BackUpToProps) {
  const { t } = useText();
  const [first] = targets;
  const { value: list } = useDestinations(first?.cluster ?? '', first?.namespace);
  const { isBusy } = useBackUp();
  const [isOpen, setOpen] = useState(false);
  const isInert = targets.length === 0 || targets.some(isBusy);
  if (!list || list.destinations.length < 2) return null;
  return (
    <>
      <ActionButton
        icon={destinationIcon}
        text={t('Back up to…')}
        label={
          targets.length === 1 && first
            ? `${t('Back up to…')} ${first.namespace}/${first.name}`
            : undefined
        }
        isInert={isInert}
        onClick={() => setOpen(true)}
      />
      {isOpen && (
        <Dialog
          targets={targets}
          list={list}
          onClose={() => setOpen(false)}
          onStarted={onStarted}
        />
      )}
    </>
  );
}

interface DialogProps extends BackUpToProps {
  list: DestinationList;
  onClose(): void;
}

function Dialog({ targets, list: { destinations }, onClose, onStarted }: DialogProps) {
  const { t } = useText();
  const { backUp } = useBackUp();
  const [chosen, setChosen] = useState(() => proposed(destinations));
  const names = chosen.filter(name => destinations.some(each => each.name === name));
  const [only] = targets;
  const isTooMany = names.length > MAX_DESTINATIONS_PER_BACKUP;
  const isReady = names.length > 0 && !isTooMany;
  function start() {
    onClose();
    void backUp(targets, { destinations: names }).then(onStarted);
  }
  return (
    <TextDialog
      title={
        targets.length === 1 && only
          ? t('Back up {{volume}} to…', { volume: `${only.namespace}/${only.name}` })
          : t('Back up {{count}} volumes to…', { count: targets.length })
      }
      isOpen
      onClose={onClose}
      actions={
        <>
          <ActionButton variant="text" text={t('Cancel')} onClick={onClose} />
          <ActionButton
            variant="contained"
            text={t('Back up')}
            isInert={!isReady}
            onClick={start}
          />
        </>
      }
    >
      <Stack spacing={2}>
        <Typography>
          {t(
            'Each volume is read once, and its archive is written to every destination that you choose.'
          )}
        </Typography>
        <Box role="group" aria-label={t('Destinations')}>
          {destinations.map(destination => (
            <Choice
              key={destination.name}
              destination={destination}
              isChosen={names.includes(destination.name)}
              onChange={isChosen =>
                setChosen(
                  isChosen
                    ? [...names, destination.name]
                    : names.filter(name => name !== destination.name)
                )
              }
            />
          ))}
        </Box>
        {!isReady && (
          <Typography variant="body2" role="status">
            {isTooMany
              ? t('A backup can have at most {{most}} destinations.', {
                  most: MAX_DESTINATIONS_PER_BACKUP,
                })
              : t('Choose at least one.')}
          </Typography>
        )}
      </Stack>
    </TextDialog>
  );
}

interface ChoiceProps {
  destination: Destination;
  isChosen: boolean;
  onChange(isChosen: boolean): void;
}

function Choice({ destination, isChosen, onChange }: ChoiceProps) {
  const { t } = useText();
  const note = useDestinationNote()(destination);
  const help = note ?? (destination.isDefault ? t('Default') : undefined);
  const id = `destination-${destination.name}`;
  return (
    <Box>
      <FormControlLabel
        disabled={destination.state === 'invalid'}
        control={
          <Checkbox
            size="small"
            checked={isChosen}
            inputProps={{ 'aria-describedby': help ? id : undefined }}
            onChange={(_, checked) => onChange(checked)}
          />
        }
        label={<DestinationTitle destination={destination} />}
      />
      {help && (
        <FormHelperText id={id} sx={{ mt: -0.5, ml: '29px', overflowWrap: 'anywhere' }}>
          {help}
        </FormHelperText>
      )}
    </Box>
  );
}

/** The defaults that can be used. */
const proposed = (destinations: Destination[]): string[] =>
  destinations
    .filter(({ isDefault, state }) => isDefault && state !== 'invalid')
    .map(({ name }) => name);
