import type { Stage } from '../../../api/index.ts';
import { StageError, textOf } from '../../errors.ts';
import { HostKeyError } from '../kind.ts';
import { networkError } from '../trust/networkError.ts';

/** The server of an attempt, for messages. */
export interface SshPlace {
  /** e.g. `sftp://nkvm@nas:22/backups`. */
  place: string;
  host: string;
  port: number;
  username: string;
}

/** @returns e.g. `sftp://nkvm@nas:22/backups`; a directory below that of the login begins with `/./`. */
export function sshLocation(
  scheme: 'sftp' | 'scp',
  { username, host, port, directory }: Omit<SshPlace, 'place'> & { directory: string }
): string {
  const at = host.includes(':') ? `[${host.replace(/^\[(.*)\]$/, '$1')}]` : host;
  const path = directory.startsWith('/') ? directory : `/${directory}`;
  return `${scheme}://${username}@${at}:${port}${path}`;
}

/** Fields that ssh2 adds to its errors: the part that failed, or the number of a message of the protocol. */
interface Ssh2Error extends Error {
  level?: string;
  code?: string | number;
}

/** Reasons of SSH to end a connection (RFC 4253, section 11.1). */
const TOO_MANY_CONNECTIONS = 12;
const NO_MORE_METHODS = 14;

/**
 * @param methods what the server takes, e.g. `publickey`; empty: it did not say
 * @returns why nobody is logged in
 */
export function loginError(
  error: unknown,
  { place, host, port, username }: SshPlace,
  stage: Stage,
  methods: readonly string[]
): StageError {
  if (error instanceof StageError) return error;
  const { level, code, message } = error as Ssh2Error;
  const options = { cause: error };
  if (level === 'client-authentication' || code === NO_MORE_METHODS || code === 2) {
    const takes = methods.length > 0 ? ` (it takes ${methods.join(', ')})` : '';
    return new StageError(
      stage,
      'LoginRefused',
      `destination ${place}: the server refuses the login of ${username}${takes}`,
      'check username, password and privateKey of the Secret; its public key belongs into authorized_keys of that user; the log of the server says more',
      'needs-action',
      options
    );
  }
  if (code === TOO_MANY_CONNECTIONS || /lost before handshake/i.test(message)) {
    return new StageError(
      stage,
      'TooManyConnections',
      `destination ${place}: ${host}:${port} ends the connection before it says that it is an SSH server`,
      'if it is one, it has too many connections (MaxStartups in sshd_config); NKVM tries again',
      'transient',
      options
    );
  }
  if (level === 'handshake' || level === 'protocol') {
    return new StageError(
      stage,
      'SshNotAgreed',
      `destination ${place}: no SSH connection to ${host}:${port}: ${message}`,
      'check the port, and enable methods that are still safe on the server, e.g. those of OpenSSH 7.4 or later',
      'needs-action',
      options
    );
  }
  if (level === 'client-timeout')
    return networkError(withCode('ETIMEDOUT'), { stage, place, host, port });
  return networkError(error, { stage, place, host, port });
}

/** @returns a connection that ended under a call. */
export const connectionBroke = ({ place, host, port }: SshPlace, stage: Stage, cause: unknown) =>
  networkError(isCoded(cause) ? cause : withCode('ECONNRESET', cause), {
    stage,
    place,
    host,
    port,
  });

/** @returns a server that keeps the connection open and does not go on. */
export const stalled = ({ place }: SshPlace, stage: Stage, quietMs: number): StageError =>
  new StageError(
    stage,
    'DestinationStalled',
    `destination ${place} has transferred no byte for ${quietMs / 1000} s`,
    'check the server, its disk and the network; NKVM tries again',
    'transient'
  );

/** @returns a server that allows no further channel on a connection that has none. */
export const noChannel = ({ place }: SshPlace, stage: Stage, cause: unknown): StageError =>
  new StageError(
    stage,
    'TooManySessions',
    `destination ${place}: the server opens no session on the connection (${textOf(cause)})`,
    'allow sessions: MaxSessions in sshd_config must be 1 or more',
    'needs-action',
    { cause }
  );

/** @returns the same problem, seen at another stage. */
export function atStage(error: unknown, stage: Stage): unknown {
  if (!(error instanceof StageError) || error.stage === stage) return error;
  const { reason, message, hint } = error;
  const words = [stage, reason, message, hint, error.class, { cause: error }] as const;
  return error instanceof HostKeyError
    ? new HostKeyError(error.hostKey, ...words)
    : new StageError(...words);
}

const isCoded = (error: unknown): boolean =>
  error instanceof Error && typeof (error as Ssh2Error).code === 'string';

const withCode = (code: string, cause?: unknown): Error =>
  Object.assign(new Error(code, { cause }), { code });
