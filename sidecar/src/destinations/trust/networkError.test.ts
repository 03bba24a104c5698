import { expect, it } from 'vitest';
import { StageError } from '../../errors.ts';
import { networkError } from './networkError.ts';

const at = { stage: 'copy', place: 'offsite', host: 'store.example', port: 443 } as const;
const coded = (code: string, message = 'text of the library') =>
  Object.assign(new Error(message), { code });
const timeout = Object.assign(new Error('x'), { name: 'TimeoutError' });

it.each<[string, unknown, string, string]>([
  ['no such name', coded('ENOTFOUND'), 'HostNotFound', 'unknown'],
  ['no name server', coded('EAI_AGAIN'), 'HostNotFound', 'transient'],
  ['nothing listens', coded('ECONNREFUSED'), 'ConnectionRefused', 'transient'],
  ['no route', coded('EHOSTUNREACH'), 'HostUnreachable', 'transient'],
  ['no network', coded('ENETUNREACH'), 'HostUnreachable', 'transient'],
  ['no answer', coded('ETIMEDOUT'), 'ConnectionTimedOut', 'transient'],
  ['a limit of a library', timeout, 'ConnectionTimedOut', 'transient'],
  ['a reset', coded('ECONNRESET', 'socket hang up'), 'ConnectionBroke', 'transient'],
  ['a closed pipe', coded('EPIPE'), 'ConnectionBroke', 'transient'],
  ['an expired certificate', coded('CERT_HAS_EXPIRED'), 'TlsExpired', 'needs-action'],
  ['a certificate of tomorrow', coded('CERT_NOT_YET_VALID'), 'TlsExpired', 'needs-action'],
  ['another name', coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'TlsNameDiffers', 'needs-action'],
  ['self-signed', coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'TlsUntrusted', 'needs-action'],
  ['own authority', coded('SELF_SIGNED_CERT_IN_CHAIN'), 'TlsUntrusted', 'needs-action'],
  ['unknown authority', coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'TlsUntrusted', 'needs-action'],
  ['no TLS', coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'TlsFailed', 'needs-action'],
  ['an alert', coded('EPROTO'), 'TlsFailed', 'needs-action'],
  ['cloud metadata', coded('NKVM_ADDRESS_REFUSED'), 'AddressRefused', 'needs-action'],
  [
    'hidden in a cause',
    new Error('x', { cause: coded('ECONNRESET') }),
    'ConnectionBroke',
    'transient',
  ],
  ['all addresses', new AggregateError([coded('ECONNREFUSED')]), 'ConnectionRefused', 'transient'],
  ['something else', new Error('no idea'), 'DestinationFailed', 'unknown'],
  ['not an error', 'no idea', 'DestinationFailed', 'unknown'],
])('%s', (_, error, reason, failureClass) => {
  const said = networkError(error, at);
  expect(said).toMatchObject({ stage: 'copy', reason, class: failureClass, cause: error });
  expect(said.message).toMatch(/^destination offsite: .*store\.example/);
  expect(said.hint).not.toBe('');
});

it('keeps what is in words already', () => {
  const said = new StageError('copy', 'LoginRefused', 'm', 'h', 'needs-action');
  expect(networkError(said, at)).toBe(said);
});

it('shows no place in the sources of OpenSSL', () => {
  const error = coded(
    'EPROTO',
    '40E7:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/x.c:77:\n'
  );
  expect(networkError(error, at).message).toMatch(/correctly: wrong version number$/);
});
