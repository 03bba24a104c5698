import type { NotDone } from '../api/session/apiServer';
import { sentence } from '../ui/sentence';
import type { Translate } from '../ui/text';

/** Says why the API server did not do something, in whole sentences; of a refusal in its own words. */
export function notDoneText(notDone: NotDone, t: Translate): string {
  switch (notDone.kind) {
    case 'refused':
      return sentence(notDone.message);
    case 'loggedOut':
      return t('The session of Headlamp has ended. Log in to the cluster again.');
    case 'loginPage':
      return t('The login proxy answered with its login page. Reload this page to log in again.');
    case 'noAnswer':
      return t(
        'No answer of the API server came ({{message}}), so it may have been done. Check before you try again.',
        { message: sentence(notDone.message) }
      );
  }
}
