import type { Stage } from '../../../api/index.ts';
import { StageError, textOf } from '../../errors.ts';
import { ADDRESS_REFUSED, refusedAddress } from './addresses.ts';

/** The operation during which a connection failed. */
export interface Connection {
  stage: Stage;
  /** The name of the destination, or where it is. Never has a credential in it. */
  place: string;
  host: string;
  port?: number | undefined;
}

/** The faults of a connection, by the codes of Node, of libuv and of OpenSSL. */
type Fault =
  | 'AddressRefused'
  | 'HostNotFound'
  | 'ConnectionRefused'
  | 'HostUnreachable'
  | 'ConnectionTimedOut'
  | 'ConnectionBroke'
  | 'TlsExpired'
  | 'TlsNameDiffers'
  | 'TlsUntrusted'
  | 'TlsFailed';

const FAULTS: Record<string, Fault> = {
  [ADDRESS_REFUSED]: 'AddressRefused',
  ENOTFOUND: 'HostNotFound',
  EAI_AGAIN: 'HostNotFound',
  EAI_NONAME: 'HostNotFound',
  EAI_NODATA: 'HostNotFound',
  EAI_FAIL: 'HostNotFound',
  ECONNREFUSED: 'ConnectionRefused',
  EHOSTUNREACH: 'HostUnreachable',
  EHOSTDOWN: 'HostUnreachable',
  ENETUNREACH: 'HostUnreachable',
  ENETDOWN: 'HostUnreachable',
  EADDRNOTAVAIL: 'HostUnreachable',
  ETIMEDOUT: 'ConnectionTimedOut',
  ESOCKETTIMEDOUT: 'ConnectionTimedOut',
  ERR_SOCKET_CONNECTION_TIMEOUT: 'ConnectionTimedOut',
  ECONNRESET: 'ConnectionBroke',
  ECONNABORTED: 'ConnectionBroke',
  EPIPE: 'ConnectionBroke',
  ENOTCONN: 'ConnectionBroke',
  ERR_STREAM_PREMATURE_CLOSE: 'ConnectionBroke',
  CERT_HAS_EXPIRED: 'TlsExpired',
  CERT_NOT_YET_VALID: 'TlsExpired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'TlsNameDiffers',
  HOSTNAME_MISMATCH: 'TlsNameDiffers',
  EPROTO: 'TlsFailed',
};
const UNTRUSTED = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|PATH_LENGTH_)/;
const TLS = /^(ERR_SSL_|ERR_TLS_)/;

const faultOf = (code: string): Fault | undefined =>
  FAULTS[code] ??
  (UNTRUSTED.test(code) ? 'TlsUntrusted' : TLS.test(code) ? 'TlsFailed' : undefined);

/**
 * @returns what a connection that failed means for the person whose backup it was. A StageError stays as it is; an error
 *   of another kind becomes `DestinationFailed`, with its text, which must not have a credential in it.
 */
export function networkError(error: unknown, connection: Connection): StageError {
  const { stage, place, host, port } = connection;
  if (error instanceof StageError) return error;
  const { code, text, isTimeout } = innermost(error);
  const fault = isTimeout ? 'ConnectionTimedOut' : faultOf(code);
  const at = port === undefined ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const to = `destination ${place}: `;
  const options = { cause: error };
  switch (fault) {
    case 'AddressRefused':
      return refusedAddress(stage, place, host, options);
    case 'HostNotFound':
      return code === 'EAI_AGAIN' || code === 'EAI_FAIL'
        ? new StageError(
            stage,
            'HostNotFound',
            `${to}no name server answered for ${host}`,
            'check the DNS of the cluster; NKVM tries again',
            'transient',
            options
          )
        : new StageError(
            stage,
            'HostNotFound',
            `${to}there is no host ${host}`,
            'correct the name of the server, or its entry in DNS',
            'unknown',
            options
          );
    case 'ConnectionRefused':
      return new StageError(
        stage,
        'ConnectionRefused',
        `${to}nothing listens at ${at}`,
        'check host and port, and whether the server runs; NKVM tries again',
        'transient',
        options
      );
    case 'HostUnreachable':
      return new StageError(
        stage,
        'HostUnreachable',
        `${to}there is no route to ${at} (${code})`,
        'check the network, firewalls and NetworkPolicies between NKVM and the server; NKVM tries again',
        'transient',
        options
      );
    case 'ConnectionTimedOut':
      return new StageError(
        stage,
        'ConnectionTimedOut',
        `${to}${at} did not answer in time`,
        'check the server, and firewalls and NetworkPolicies on the way; NKVM tries again',
        'transient',
        options
      );
    case 'ConnectionBroke':
      return new StageError(
        stage,
        'ConnectionBroke',
        `${to}the connection to ${at} broke (${code})`,
        'see the log of the server; NKVM tries again',
        'transient',
        options
      );
    case 'TlsExpired':
      return new StageError(
        stage,
        'TlsExpired',
        code === 'CERT_NOT_YET_VALID'
          ? `${to}the certificate of ${at} is not valid yet`
          : `${to}the certificate of ${at} has expired`,
        'renew the certificate of the server; check the clocks of both machines',
        'needs-action',
        options
      );
    case 'TlsNameDiffers':
      return new StageError(
        stage,
        'TlsNameDiffers',
        `${to}the certificate of ${at} is for another name`,
        'use a name that is in the certificate, or give the server a certificate for this one',
        'needs-action',
        options
      );
    case 'TlsUntrusted':
      return new StageError(
        stage,
        'TlsUntrusted',
        `${to}the certificate of ${at} is not from a trusted authority (${code})`,
        'put the certificate of its authority into the key caBundle of the Secret',
        'needs-action',
        options
      );
    case 'TlsFailed':
      return new StageError(
        stage,
        'TlsFailed',
        `${to}${at} does not speak TLS correctly: ${text || code}`,
        'check that port and protocol belong together, e.g. https and 443',
        'needs-action',
        options
      );
    case undefined:
      return new StageError(
        stage,
        'DestinationFailed',
        `${to}${at} failed: ${text || code || 'no details'}`,
        'see the log of the server; NKVM tries again',
        'unknown',
        options
      );
  }
}

interface Facts {
  code: string;
  text: string;
  isTimeout: boolean;
}

/** An AggregateError (no address of a name could be reached) has nothing of its own; others hide the code in a cause. */
function innermost(error: unknown, depth = 0): Facts {
  if (error instanceof AggregateError && error.errors.length > 0 && depth < 5)
    return innermost(error.errors[0], depth + 1);
  if (!(error instanceof Error)) return { code: '', text: plain(textOf(error)), isTimeout: false };
  const own = (error as NodeJS.ErrnoException).code;
  const code = typeof own === 'string' ? own : '';
  const isKnown = faultOf(code) !== undefined || error.name === 'TimeoutError';
  if (!isKnown && error.cause && depth < 5) {
    const inner = innermost(error.cause, depth + 1);
    if (inner.isTimeout || faultOf(inner.code)) return inner;
  }
  return { code, text: plain(error.message), isTimeout: error.name === 'TimeoutError' };
}

/** @returns the message without OpenSSL's places in its own sources, in one line. */
const plain = (message: string): string =>
  message
    .replace(/^.*SSL routines:[^:]*:([^:]+):.*$/s, '$1')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300);
