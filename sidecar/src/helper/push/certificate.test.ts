import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { ownCertificate } from './certificate.ts';

it('is a certificate of its own, with the fingerprint that the other end sees', () => {
  const { cert, key, fingerprint } = ownCertificate();
  const read = new X509Certificate(cert);
  expect(read.verify(read.publicKey)).toBe(true);
  expect(read.subject).toBe('CN=NKVM');
  expect(read.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(fingerprint);
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
});

it('is another one each time', () => {
  expect(ownCertificate().fingerprint).not.toBe(ownCertificate().fingerprint);
});
