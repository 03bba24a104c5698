import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { CertificateFiles } from '../../certificate.ts';
import { keepCertificate, readCertificate } from '../../certificate.ts';
import type { Log } from '../../log.ts';
import { review } from './review.ts';

export interface WebhookOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Directory with `tls.crt` and `tls.key`, as a Secret of type kubernetes.io/tls is mounted. */
  certDir: string;
  log: Pick<Log, 'warn'>;
  /** How often the files are read again: certificates are renewed. */
  reloadMs?: number;
}

export interface Webhook {
  port: number;
  /** Reads the certificate again. Where that fails, the one before stays. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

export const WEBHOOK_PATH = '/restore-on-create';

/** Claims of etcd have at most 1.5 MiB; a review has the old object, too. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Answers the API server. It needs no caller's identity: it tells nothing and changes nothing.
 * @throws Error when the certificate cannot be read, or the port is taken
 */
export async function serveWebhook(options: WebhookOptions): Promise<Webhook> {
  const { host, port, certDir, log, reloadMs } = options;
  const files: CertificateFiles = {
    cert: join(certDir, 'tls.crt'),
    key: join(certDir, 'tls.key'),
  };
  const certificate = await readCertificate(files);
  const server = createServer(
    { ...certificate, requestTimeout: 10_000 },
    (request, response) => void answer(request, response)
  );
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, host, resolve)
  );
  const kept = keepCertificate(server, files, certificate, {
    whose: 'the webhook',
    log,
    ...(reloadMs !== undefined && { everyMs: reloadMs }),
  });
  return {
    port: (server.address() as AddressInfo).port,
    reload: kept.reload,
    stop() {
      kept.stop();
      server.closeAllConnections();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const end = (status: number, body: object) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const path = request.url?.split('?')[0];
  if (request.method !== 'POST' || path !== WEBHOOK_PATH) return end(404, { error: 'not found' });
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length;
      if (bytes > MAX_BYTES) return end(413, { error: `more than ${MAX_BYTES} bytes` });
      chunks.push(chunk as Buffer);
    }
    end(200, review(JSON.parse(Buffer.concat(chunks).toString())));
  } catch {
    end(400, { error: 'not an AdmissionReview of a PersistentVolumeClaim' });
  }
}
