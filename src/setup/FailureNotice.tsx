import type { Failure } from '../api/failure';
import { alertIcon, lockIcon } from '../ui/icons';
import { Notice } from '../ui/Notice';
import { useText } from '../ui/text';
import { LookAgain } from './LookAgain';

/** In place of contents that the sidecar did not give. A 403 names the missing right by itself. */
export function FailureNotice({ cluster, failure }: { cluster: string; failure: Failure }) {
  const { t } = useText();
  const isForbidden = failure.status === 403;
  return (
    <Notice
      icon={isForbidden ? lockIcon : alertIcon}
      title={isForbidden ? t('You may not see this') : t('This could not be loaded')}
      text={failure.message}
    >
      <LookAgain cluster={cluster} />
    </Notice>
  );
}
