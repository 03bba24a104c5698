import type { Volume } from '../../../sidecar/api';
import { Message } from '../../ui/Message';
import { useText } from '../../ui/text';
import { ownerText } from '../../volumes/owners';

/** What uses the claim now. */
export function UsedBy({ volume }: { volume: Volume }) {
  const { t } = useText();
  const { pods, podsVisible, owner } = volume;
  if (!podsVisible || pods.length === 0) return null;
  return (
    <Message severity="info">
      {t('{{owner}} uses this claim now.', {
        owner: ownerText(owner) || pods.map(({ name }) => name).join(', '),
      })}
    </Message>
  );
}
