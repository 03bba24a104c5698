import { SmallButton } from '../../ui/buttons/SmallButton';
import { backUpIcon } from '../../ui/icons';
import { useText } from '../../ui/text';
import { useBackUp } from './BackUps';
import type { Target } from './start';

/** Backs up one volume. */
export function BackUpButton({ target, isCompact }: { target: Target; isCompact?: boolean }) {
  const { t } = useText();
  const { backUp, isBusy } = useBackUp();
  return (
    <SmallButton
      icon={backUpIcon}
      text={t('Back up')}
      label={t('Back up {{volume}}', { volume: `${target.namespace}/${target.name}` })}
      isCompact={isCompact}
      isBusy={isBusy(target)}
      onClick={() => void backUp([target])}
    />
  );
}
