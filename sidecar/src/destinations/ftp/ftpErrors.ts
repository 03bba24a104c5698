import { FTPError } from 'basic-ftp';
import type { Stage } from '../../../api/index.ts';
import { StageError, textOf } from '../../errors.ts';
import { networkError } from '../trust/networkError.ts';
import type { FtpSettings } from './settings.ts';
import { locationOf } from './settings.ts';

/** The operation: a 550 means another thing for each of them. */
export type Doing = 'connect' | 'tls' | 'login' | 'enter' | 'read' | 'change';

export interface FtpAttempt {
  stage: Stage;
  settings: FtpSettings;
  doing: Doing;
  /** The archive in question; empty for the directory as a whole. */
  key?: string | undefined;
}

/**
 * @returns what an answer of the server, or a connection that broke, means for the person whose backup it was. A StageError
 *   stays as it is.
 */
export function ftpError(error: unknown, attempt: FtpAttempt): StageError {
  if (error instanceof StageError) return error;
  const { stage, settings, doing, key = '' } = attempt;
  const place = locationOf(settings);
  if (!(error instanceof FTPError))
    return networkError(withCode(error), {
      ...{ stage, place, host: settings.host, port: settings.port },
    });
  const said = `${cleanOf(error.message, settings)}${key === '' ? '' : `; it was about ${key}`}`;
  const [reason, what, hint, failureClass] = meaningOf(error.code, error.message, doing, settings);
  return new StageError(
    stage,
    reason,
    `destination ${place} ${what}: the server says ${said}`,
    hint,
    failureClass,
    { cause: error }
  );
}

type Meaning = [reason: string, what: string, hint: string, of: StageError['class']];

const meaning = (
  reason: string,
  what: string,
  hint: string,
  of: StageError['class'] = 'needs-action'
): Meaning => [reason, what, hint, of];

/** vsftpd says only that it could not write, whatever the reason; a full disk is by far the most common. */
const FULL =
  /no space|disk (is )?full|quota|insufficient (disk )?space|exceed|writing to local file/i;

function meaningOf(code: number, text: string, doing: Doing, settings: FtpSettings): Meaning {
  if (code === 452 || code === 552 || (doing !== 'login' && FULL.test(text)))
    return meaning(
      'DestinationFull',
      'has no space left',
      'delete archives that are no longer needed, or give the account more space or a bigger quota; then start the backup again'
    );
  if (code === 421)
    return meaning(
      'DestinationFailed',
      'accepts no further connection',
      'see how many connections the server allows to an account and to an address; NKVM tries again',
      'transient'
    );
  if (code === 425 || code === 426)
    return meaning(
      'ConnectionBroke',
      'interrupted a data connection',
      'let the passive ports of the server through firewalls and NetworkPolicies; NKVM tries again',
      'transient'
    );
  if (doing === 'tls' || [522, 534, 535, 536].includes(code))
    return meaning(
      'TlsFailed',
      'does not encrypt the connection',
      'see whether the server has TLS at this port, and whether tls is to be explicit or implicit'
    );
  if (doing === 'login' || code === 530 || code === 532)
    return meaning(
      'LoginRefused',
      'refuses the login',
      settings.tls === 'none'
        ? 'correct username and password of the Secret; a server that demands encryption needs the kind ftps'
        : 'correct username and password of the Secret'
    );
  if (doing === 'enter')
    return meaning(
      'DirectoryMissing',
      `has no directory ${settings.directory} for this account`,
      'create it on the server, or correct the key directory of the Secret'
    );
  if (doing === 'change' && (code === 550 || code === 553))
    return meaning(
      'DestinationReadOnly',
      'denies changes',
      'give the account the rights to write, rename and delete in the directory, and to create directories there'
    );
  return meaning(
    'DestinationFailed',
    'rejects a command',
    'see the log of the server',
    code < 500 ? 'transient' : 'unknown'
  );
}

/** Gives the errors of basic-ftp that have no code the one of the system call that they are like. */
function withCode(error: unknown): unknown {
  if (!(error instanceof Error) || 'code' in error) return error;
  const code = /^timeout/i.test(error.message)
    ? 'ETIMEDOUT'
    : /FIN packet|closed connection|client is closed|user closed/i.test(error.message)
    ? 'ECONNRESET'
    : undefined;
  return code ? Object.assign(new Error(error.message, { cause: error }), { code }) : error;
}

/** A server may repeat what it was sent. */
function cleanOf(text: string, { password }: FtpSettings): string {
  const line = text
    .replace(/\p{Cc}+/gu, ' ')
    .replaceAll(password, '***')
    .trim();
  return JSON.stringify(line.length > 200 ? `${line.slice(0, 200)}…` : line);
}

/** @returns whether the server says in so many words that a name is not there. A bare 550 can mean anything. */
export const saysNotThere = (error: unknown): boolean =>
  error instanceof FTPError &&
  (error.code === 550 || error.code === 450) &&
  /no such|not found|does(n't| not) exist|not exist|cannot find/i.test(textOf(error));

/** @returns whether the server does not have the command. */
export const saysUnknown = (error: unknown): boolean =>
  error instanceof FTPError && [500, 501, 502, 504, 202].includes(error.code);
