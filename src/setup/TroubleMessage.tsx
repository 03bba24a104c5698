import type { Trouble } from '../api/trouble';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { actionText } from './troubleText';

/** Why something that a person asked for did not happen; nothing where it did. */
export function TroubleMessage({ trouble }: { trouble: Trouble | undefined }) {
  const { t } = useText();
  if (!trouble) return null;
  return <Message severity="error">{actionText(trouble, t)}</Message>;
}
