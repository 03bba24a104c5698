import { ActionButton } from '../../ui/buttons/ActionButton';
import { backUpIcon } from '../../ui/icons';
import { useText } from '../../ui/text';
import { useBackUp } from './BackUps';
import type { Target } from './start';

/** Backs up all of a volume whose backups are increments. */
export function BackUpInFull({ target }: { target: Target }) {
  const { t } = useText();
  const { backUp, isBusy } = useBackUp();
  return (
    <ActionButton
      icon={backUpIcon}
      text={t('Back up in full')}
      label={`${t('Back up in full')} ${target.namespace}/${target.name}`}
      isInert={isBusy(target)}
      onClick={() => void backUp([target], { form: 'full' })}
    />
  );
}
