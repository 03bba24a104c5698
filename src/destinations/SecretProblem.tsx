import { Typography } from '@mui/material';
import { NKVM_NAMESPACE } from '../../sidecar/api/names.ts';
import { canWriteSecrets, type SecretTrouble, type SecretVerb } from '../api/session/secrets';
import { Command } from '../ui/Copyable';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { type Translate, useText } from '../ui/text';

export function secretTroubleText(trouble: SecretTrouble, t: Translate): string {
  switch (trouble.kind) {
    case 'noRight':
      return noRightText(trouble.verb, t);
    case 'exists':
      return t('A Secret with this name already exists. Choose another name.');
    case 'gone':
      return t('The Secret of this destination no longer exists.');
    case 'failed':
      return t('The Secret could not be written. {{message}}', {
        message: sentence(trouble.message),
      });
  }
}

const noRightText = (verb: SecretVerb, t: Translate) =>
  t('You don’t have permission to {{verb}} secrets in namespace {{namespace}}.', {
    verb,
    namespace: NKVM_NAMESPACE,
  });

/** Why a Secret was not written; nothing where it was. */
export function SecretProblem({ trouble }: { trouble: SecretTrouble | undefined }) {
  const { t } = useText();
  if (!trouble) return null;
  return (
    <Message severity="error">
      {secretTroubleText(trouble, t)}
      {trouble.kind === 'noRight' && (
        <>
          <Typography variant="body2" sx={{ my: 1 }}>
            {t('This command checks whether you have the permission')}
          </Typography>
          <Command text={canWriteSecrets(trouble.verb)} />
        </>
      )}
    </Message>
  );
}
