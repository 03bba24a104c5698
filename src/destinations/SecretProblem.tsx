import { Typography } from '@mui/material';
import { placeOf } from '../api/session/place';
import { canWriteSecrets, type SecretTrouble, type SecretVerb } from '../api/session/secrets';
import { notDoneText } from '../setup/notDoneText';
import { Command } from '../ui/Copyable';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { type Translate, useText } from '../ui/text';

function secretTroubleText(cluster: string, trouble: SecretTrouble, t: Translate): string {
  switch (trouble.kind) {
    case 'noRight':
      return noRightText(cluster, trouble.verb, t);
    case 'exists':
      return t('A Secret with this name already exists. Choose another name.');
    case 'gone':
      return t('The Secret of this destination no longer exists.');
    case 'noAnswer':
    case 'loggedOut':
    case 'loginPage':
      return notDoneText(trouble, t);
    case 'failed':
      return t('The Secret could not be written. {{message}}', {
        message: sentence(trouble.message),
      });
  }
}

/** @returns that the person may not write Secrets of NKVM's namespace. */
export const noRightText = (cluster: string, verb: SecretVerb, t: Translate): string =>
  t('You don’t have permission to {{verb}} secrets in namespace {{namespace}}.', {
    verb,
    namespace: placeOf(cluster).namespace,
  });

interface SecretProblemProps {
  cluster: string;
  trouble: SecretTrouble | undefined;
}

/** Why a Secret was not written; nothing where it was. */
export function SecretProblem({ cluster, trouble }: SecretProblemProps) {
  const { t } = useText();
  if (!trouble) return null;
  return (
    <Message severity="error">
      {secretTroubleText(cluster, trouble, t)}
      {trouble.kind === 'noRight' && (
        <>
          <Typography variant="body2" sx={{ my: 1 }}>
            {t('This command checks whether you have the permission')}
          </Typography>
          <Command text={canWriteSecrets(cluster, trouble.verb)} />
        </>
      )}
    </Message>
  );
}
