import { useState } from 'react';
import { lackText, useOwnLack } from '../access/useLack';
import { toChange } from '../api/objects';
import { ActionButton } from '../ui/buttons/ActionButton';
import { scheduleIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { ScheduleDialog, type ScheduleTarget } from './ScheduleDialog';

/** Opens the choice of a schedule. */
export function ScheduleButton({ target }: { target: ScheduleTarget }) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  const { kind, namespace, name } = target;
  return (
    <>
      <ActionButton
        icon={scheduleIcon}
        text={t('Schedule…')}
        label={
          kind === 'Namespace'
            ? t('Schedule of namespace {{name}}', { name })
            : t('Schedule of {{volume}}', { volume: `${namespace}/${name}` })
        }
        why={lackText(useOwnLack(target.cluster, toChange(target)), t)}
        onClick={() => setOpen(true)}
      />
      <ScheduleDialog targets={[target]} isOpen={isOpen} onClose={() => setOpen(false)} />
    </>
  );
}
