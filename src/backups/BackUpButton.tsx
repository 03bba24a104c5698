import { backUpIcon } from '../ui/icons';
import { SmallButton } from '../ui/SmallButton';
import { useText } from '../ui/text';
import type { Target } from './start';
import { useBackUp } from './useBackUp';

/** Backs up one volume. */
export function BackUpButton({ target }: { target: Target }) {
  const { t } = useText();
  const { backUp, isBusy } = useBackUp();
  return (
    <SmallButton
      icon={backUpIcon}
      text={t('Back up')}
      label={t('Back up {{volume}}', { volume: `${target.namespace}/${target.name}` })}
      disabled={isBusy}
      onClick={() => backUp([target])}
    />
  );
}
