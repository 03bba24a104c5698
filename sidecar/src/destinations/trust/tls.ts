import { X509Certificate } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { z } from 'zod';

/** Settings of kinds that have TLS. */
export interface TlsSettings {
  /** PEM. Given, no other authority is trusted. */
  caBundle?: string | undefined;
  /** The certificate is not checked. */
  insecure?: boolean | undefined;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The key `caBundle` of a Secret: certificates in PEM, at least one. */
export const CaBundle = z
  .string()
  .refine(text => certificatesIn(text) > 0, { error: 'takes certificates in PEM' });

/** The key `insecure` of a Secret: `"true"` turns off the check of a certificate or of a host key. */
export const Insecure = z
  .enum(['true', 'false'], { error: 'takes true or false' })
  .transform(text => text === 'true');

/** @returns what `tls.connect` takes. The version before 1.2 is never spoken. */
export const tlsOptions = ({ caBundle, insecure = false }: TlsSettings): ConnectionOptions => ({
  minVersion: 'TLSv1.2',
  rejectUnauthorized: !insecure,
  ...(caBundle !== undefined && { ca: caBundle }),
});

/** @returns how many certificates a text has; 0 when one of them cannot be read */
function certificatesIn(text: string): number {
  const found = text.match(CERTIFICATE) ?? [];
  try {
    found.forEach(pem => new X509Certificate(pem));
    return found.length;
  } catch {
    return 0;
  }
}
