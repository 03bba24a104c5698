import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { networkError } from '../trust/networkError.ts';
import type { RsyncSettings } from './settings.ts';
import { locationOf } from './settings.ts';

/** How a process of rsync ended. */
export interface RsyncEnd {
  /** Its exit code; undefined: it did not start, or a signal ended it. */
  code: number | undefined;
  /** Its stderr. */
  said: string;
}

export interface RsyncAttempt {
  stage: Stage;
  settings: RsyncSettings;
  key?: string | undefined;
}

type Fault = [reason: string, what: string, hint: string, of: StageError['class']];

/** By what the programs say, in this order. The exit code alone often means several things. */
const BY_TEXT: [RegExp, Fault][] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED|host key .* has changed/i,
    [
      'HostKeyChanged',
      'shows another host key than the one in knownHosts',
      'find out why before you trust it: the server was set up again, or another machine answers in its place',
      'needs-action',
    ],
  ],
  [
    /Host key verification failed|No .* host key is known/i,
    [
      'HostKeyUnknown',
      'shows a host key that is not in knownHosts',
      'compare it on the server (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then put its line into knownHosts',
      'needs-action',
    ],
  ],
  [
    /auth failed|Permission denied \((publickey|password|keyboard)/i,
    ['LoginRefused', 'refuses the login', 'correct the login in the Secret', 'needs-action'],
  ],
  [
    /Unknown module|chdir failed|change_dir .* failed: No such file|\(in .*\) failed: No such file/i,
    [
      'DirectoryMissing',
      'has no such directory or module',
      'create it on the server, or correct directory and module of the Secret',
      'needs-action',
    ],
  ],
  [
    /No space left|quota exceeded/i,
    [
      'DestinationFull',
      'has no space left',
      'delete archives that are no longer needed, or give it more space or a bigger quota; then start the backup again',
      'needs-action',
    ],
  ],
  [
    /read[ -]only|Permission denied \(13\)|Operation not permitted|refused by the server|refuses? .*option/i,
    [
      'DestinationReadOnly',
      'refuses to change anything, or an option of rsync that this needs',
      'give the login the rights to write and delete in the directory; a daemon needs read only = no, and must not refuse options',
      'needs-action',
    ],
  ],
  [
    /command not found|rsync: not found/i,
    ['DestinationFailed', 'has no rsync', 'install rsync on the server', 'needs-action'],
  ],
];

/** By the exit codes of rsync, and 255 of ssh. */
const CODES: Record<number, string> = {
  10: 'ECONNREFUSED',
  35: 'ETIMEDOUT',
  12: 'ECONNRESET',
  255: 'ECONNRESET',
};

const NETWORK: [RegExp, string][] = [
  [/Connection refused/i, 'ECONNREFUSED'],
  [/No route to host|Network is unreachable/i, 'EHOSTUNREACH'],
  [/timed out|timeout waiting for daemon connection/i, 'ETIMEDOUT'],
  [
    /Connection reset|Broken pipe|connection unexpectedly closed|Connection closed|did not see server greeting/i,
    'ECONNRESET',
  ],
];

/** @returns what the end of rsync means for the person whose backup it was. */
export function rsyncError(
  { code, said }: RsyncEnd,
  { stage, settings, key = '' }: RsyncAttempt
): StageError {
  const place = locationOf(settings);
  const about = key === '' ? '' : `; it was about ${key}`;
  const cause = new Error(`rsync ended with ${code ?? 'a signal'}: ${clean(said)}`);
  const byText = BY_TEXT.find(([pattern]) => pattern.test(said))?.[1];
  if (byText) {
    const [reason, what, hint, of] = byText;
    return new StageError(
      stage,
      reason,
      `destination ${place} ${what}: ${clean(said)}${about}`,
      hint,
      of,
      { cause }
    );
  }
  if (code === 30)
    return new StageError(
      stage,
      'DestinationStalled',
      `destination ${place} transfers no more bytes${about}`,
      'see what keeps the server or the network busy; NKVM tries again',
      'transient',
      { cause }
    );
  const network = NETWORK.find(([pattern]) => pattern.test(said))?.[1] ?? CODES[code ?? -1];
  if (network)
    return networkError(Object.assign(cause, { code: network }), {
      ...{ stage, place, host: settings.host, port: settings.port },
    });
  return new StageError(
    stage,
    'DestinationFailed',
    `destination ${place} does not work: ${cause.message}${about}`,
    'see the log of the server',
    code === 23 || code === 11 || code === undefined ? 'unknown' : 'transient',
    { cause }
  );
}

/** The lines that say most, for people. A server may write what it likes. */
function clean(said: string): string {
  const lines = said
    .split(/[\r\n]+/)
    .map(line => line.replace(/\p{Cc}+/gu, ' ').trim())
    .filter(line => line !== '' && !/^(@+$|rsync error: )/.test(line));
  const text = lines.slice(-3).join('; ') || 'it wrote no message';
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}
