import type { Trouble } from '../api/trouble';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { troubleText } from './troubleText';

/** Why something that a person asked for did not happen; nothing where it did. */
export function TroubleMessage({ trouble }: { trouble: Trouble | undefined }) {
  const { t } = useText();
  if (!trouble) return null;
  const { title, text } = troubleText(trouble, t);
  return <Message severity="error">{`${title}. ${text}`}</Message>;
}
