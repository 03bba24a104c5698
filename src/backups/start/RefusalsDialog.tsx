import { Box, Typography } from '@mui/material';
import { useRef } from 'react';
import { isInDoubt } from '../../api/trouble';
import { actionText } from '../../setup/troubleText';
import { sentence } from '../../ui/sentence';
import { useText } from '../../ui/text';
import { TextDialog } from '../../ui/TextDialog';
import { reasonText } from '../reasonText';
import { groupedByReason, type Refusal, type RefusalGroup } from './start';

/** Says which backups were not started, and why. It is read until it is closed. */
export function RefusalsDialog({ refused, onClose }: { refused: Refusal[]; onClose(): void }) {
  const { t } = useText();
  // What it says stays while it fades away.
  const last = useRef<Refusal[]>([]);
  if (refused.length > 0) last.current = refused;
  return (
    <TextDialog
      title={
        last.current.every(isDoubtful)
          ? t('It is not known whether {{count}} backups were started', {
              count: last.current.length,
            })
          : t('{{count}} backups could not be started', { count: last.current.length })
      }
      isOpen={refused.length > 0}
      onClose={onClose}
    >
      {groupedByReason(last.current).map(group => (
        <Group key={group.reason ?? group.refusals[0]?.message} {...group} />
      ))}
    </TextDialog>
  );
}

/** It may have been started all the same. */
const isDoubtful = ({ trouble }: Refusal): boolean => !!trouble && isInDoubt(trouble);

function Group({ reason, refusals }: RefusalGroup) {
  const { t } = useText();
  const [first] = refusals;
  const isOneHint = refusals.every(({ hint }) => hint === first?.hint);
  const isOneMessage = refusals.every(({ message }) => message === first?.message);
  const title = reason === null ? t('No answer for these volumes') : reasonText(reason, t);
  return (
    <Box sx={{ '& + &': { mt: 3 }, overflowWrap: 'anywhere' }}>
      <Typography component="h3" variant="subtitle1">
        {refusals.length > 1 ? `${title} (${refusals.length})` : title}
      </Typography>
      {isOneMessage && first && (
        <Typography variant="body2">
          {first.trouble ? actionText(first.trouble, t) : sentence(first.message)}
        </Typography>
      )}
      {first && isDoubtful(first) && (
        <Typography variant="body2">
          {t('Check the state of these volumes before you start them again.')}
        </Typography>
      )}
      {isOneHint && first?.hint && (
        <Typography variant="body2" color="text.secondary">
          {sentence(first.hint)}
        </Typography>
      )}
      <Box component="ul" sx={{ m: 0, mt: 1, pl: 2.5 }}>
        {refusals.map(({ target, message, hint }) => (
          <li key={`${target.cluster}/${target.namespace}/${target.name}`}>
            <Typography component="span" variant="body2">
              <strong>
                {target.namespace}/{target.name}
              </strong>
              {!isOneMessage && ` ${sentence(message)}`}
              {!isOneHint && hint && `. ${sentence(hint)}`}
            </Typography>
          </li>
        ))}
      </Box>
    </Box>
  );
}
