import { Stack, Typography } from '@mui/material';
import { AccessLink } from '../../access/AccessLink';
import { Command } from '../../ui/Copyable';
import { sentence } from '../../ui/sentence';
import { type Translate, useText } from '../../ui/text';
import { reasonText } from '../reasonText';
import { FORBIDDEN, type NextStep } from '../run/nextStep';

export type BlockedStep = Extract<NextStep, { kind: 'blocked' }>;

/** The heading of what is in the way. */
export const blockedTitle = ({ reason }: BlockedStep, namespace: string, t: Translate): string =>
  reason === 'NamespaceNotOpen'
    ? t('Allow backups in namespace {{namespace}}', { namespace })
    : reasonText(reason, t);

interface BlockedProps {
  step: BlockedStep;
  /** The namespace whose page **Access** says who has the right. */
  access?: { cluster: string; namespace: string };
}

/** Why a volume cannot be backed up now, and what to do about it. */
export function Blocked({ step: { reason, message, hint, command }, access }: BlockedProps) {
  const { t } = useText();
  // The hint of the API ends with the command, which has a field of its own here.
  const advice =
    command && hint.includes(command)
      ? t('A cluster administrator runs this once')
      : sentence(hint);
  return (
    <Stack spacing={1} sx={{ overflowWrap: 'anywhere' }}>
      <Typography>{`${sentence(message)}.`}</Typography>
      <Typography color="text.secondary">{advice}</Typography>
      {command && <Command text={command} />}
      {reason === FORBIDDEN && access && <AccessLink {...access} />}
    </Stack>
  );
}
