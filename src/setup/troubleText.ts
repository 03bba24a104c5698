import { isInDoubt, type MissingRight, type Trouble } from '../api/trouble';
import { sentence } from '../ui/sentence';
import { type Translate } from '../ui/text';

export interface TroubleText {
  /** A few words, without a full stop. */
  title: string;
  /** One or two sentences. */
  text: string;
}

/** Says why something could not be had: the only place where pages, lines, warnings and tooltips take it from. */
export function troubleText(trouble: Trouble, t: Translate): TroubleText {
  switch (trouble.kind) {
    case 'absent':
      return {
        title: t('Backups are not set up in this cluster'),
        text: t(
          'Volumes & Backups needs a small service in the cluster. It runs in its own namespace, and reads volumes only in namespaces where you allow it.'
        ),
      };
    case 'noRight':
      return { title: t('No access to backups'), text: rightText(trouble.right, t) };
    case 'noAccount':
      return {
        title: t('No access to backups'),
        text: t('ServiceAccount {{account}} is missing in namespace {{namespace}}.', trouble),
      };
    case 'loggedOut':
      return {
        title: t('You are not logged in'),
        text: t('The session of Headlamp has ended. Log in to the cluster again.'),
      };
    case 'loginPage':
      return {
        title: t('Your session at the login proxy has ended'),
        text: t('The login proxy answered with its login page. Reload this page to log in again.'),
      };
    case 'unauthorised':
      return {
        title: t('The backup service could not verify who you are'),
        text: sentence(trouble.message),
      };
    case 'unreachable':
      return { title: t('Can’t reach the backup service'), text: sentence(trouble.message) };
    case 'noWay':
      return {
        title: t('The API server cannot reach the backup service'),
        text: sentence(trouble.message),
      };
    case 'offline':
      return {
        title: t('Headlamp does not answer'),
        text: t(
          'Check your network connection, and whether Headlamp is still running. If Headlamp is behind a login proxy, your session there may have ended. Reload this page to log in again.'
        ),
      };
    case 'cutOff':
      return {
        title: t('The answer was cut off'),
        text: t(
          'The connection ended before all of the answer had come. Try again. If it happens again, ask the administrator of Headlamp whether a proxy in front of it limits the time or the size of answers.'
        ),
      };
    case 'cached':
      return {
        title: t('Headlamp answered from its cache'),
        text: t(
          'The answer may be outdated or belong to another person, so it is not shown. Ask the administrator of Headlamp to start it without the flag -cache-enabled.'
        ),
      };
    case 'denied':
      return { title: t('You don’t have access to this'), text: sentence(trouble.message) };
    case 'notFound':
      return { title: t('Not found'), text: sentence(trouble.message) };
    case 'failed':
      return { title: t('This could not be loaded'), text: sentence(trouble.message) };
  }
}

/** Says why something did not happen that a person asked for. What NKVM itself says of it needs no title. */
export function actionText(trouble: Trouble, t: Translate): string {
  const { title, text } = troubleText(trouble, t);
  return trouble.kind === 'failed' ? text : `${title}. ${text}`;
}

/** The same, or that it may have happened all the same. @param failed says what did not happen, without a full stop */
export const failedText = (failed: string, trouble: Trouble, t: Translate): string =>
  isInDoubt(trouble)
    ? t('No answer came, so it may have been done. Check the page before you try again. {{why}}', {
        why: actionText(trouble, t),
      })
    : `${failed}. ${actionText(trouble, t)}`;

/** Names a right that the user lacks, in one sentence. */
const rightText = (right: MissingRight, t: Translate): string =>
  t(
    'You don’t have permission to {{verb}} {{resource}}/{{subresource}} for {{name}} in namespace {{namespace}}.',
    { ...right }
  );
