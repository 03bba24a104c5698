import { readFile } from 'node:fs/promises';
import type { Server } from 'node:tls';
import { textOf } from './errors.ts';
import type { Log } from './log.ts';

/** Paths of a certificate and its key, both PEM. */
export interface CertificateFiles {
  cert: string;
  key: string;
}

/** A certificate that a server uses. */
export interface Certificate {
  cert: Buffer;
  key: Buffer;
  minVersion: 'TLSv1.2';
}

/** @throws Error when a file cannot be read */
export const readCertificate = async ({ cert, key }: CertificateFiles): Promise<Certificate> => ({
  cert: await readFile(cert),
  key: await readFile(key),
  minVersion: 'TLSv1.2',
});

export interface KeptCertificate {
  /** Looks now. Where the files cannot be used, the certificate before stays, and the log says why. */
  reload(): Promise<void>;
  stop(): void;
}

/** Certificates are renewed while the server runs; a Secret is mounted by links, which no watch of a file follows. */
const LOOK_MS = 10_000;

/**
 * Has a server use the certificate of the files when they have changed.
 * @param whose of whom it is, for the log, e.g. `the webhook`
 * @param used what the server uses now
 */
export function keepCertificate(
  server: Pick<Server, 'setSecureContext'>,
  files: CertificateFiles,
  used: Certificate,
  { whose, log, everyMs = LOOK_MS }: { whose: string; log: Pick<Log, 'warn'>; everyMs?: number }
): KeptCertificate {
  let before = used;
  const reload = async (): Promise<void> => {
    try {
      const now = await readCertificate(files);
      if (now.cert.equals(before.cert) && now.key.equals(before.key)) return;
      server.setSecureContext(now);
      before = now;
    } catch (error) {
      log.warn({}, `the certificate of ${whose} cannot be read again: ${textOf(error)}`);
    }
  };
  const timer = setInterval(() => void reload(), everyMs);
  return { reload, stop: () => clearInterval(timer) };
}
