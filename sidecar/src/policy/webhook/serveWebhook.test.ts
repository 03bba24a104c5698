import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { testCertificate } from '../../testing/cluster/testCertificates.ts';
import { serveWebhook, WEBHOOK_PATH } from './serveWebhook.ts';

async function serving() {
  const certDir = mkdtempSync(join(tmpdir(), 'nkvm-webhook-'));
  onTestFinished(() => rmSync(certDir, { recursive: true, force: true }));
  const renew = async () => {
    const made = await testCertificate();
    onTestFinished(() => made.remove());
    copyFileSync(made.certificateFile, join(certDir, 'tls.crt'));
    copyFileSync(made.keyFile, join(certDir, 'tls.key'));
    return made.certificate;
  };
  const ca = await renew();
  const warnings: string[] = [];
  const webhook = await serveWebhook({
    ...{ host: '127.0.0.1', port: 0, certDir },
    log: { warn: (_: object, message: string) => void warnings.push(message) } as never,
  });
  onTestFinished(() => webhook.stop());
  const post = (body: string, trusted: string, path = WEBHOOK_PATH) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const options = { port: webhook.port, host: '127.0.0.1', ca: trusted, method: 'POST', path };
      const sent = request({ ...options, agent: false }, response => {
        let text = '';
        response.on('data', chunk => (text += String(chunk)));
        response.on('end', () => resolve({ status: response.statusCode, body: text }));
      });
      sent.on('error', reject).end(body);
    });
  return { webhook, ca, renew, post, certDir, warnings };
}

const REVIEW = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: 'r1', operation: 'CREATE', object: { metadata: { name: 'a' }, spec: {} } },
});

it('answers a review, and refuses everything else', async () => {
  const { post, ca } = await serving();
  const answered = await post(REVIEW, ca);
  expect(answered.status).toBe(200);
  expect(JSON.parse(answered.body)).toMatchObject({
    kind: 'AdmissionReview',
    response: { uid: 'r1', allowed: true, patchType: 'JSONPatch' },
  });
  expect((await post('{', ca)).status).toBe(400);
  expect((await post('{}', ca)).status).toBe(400);
  expect((await post(REVIEW, ca, '/other')).status).toBe(404);
  expect((await post('x'.repeat(5 * 1024 * 1024), ca).catch(() => ({ status: 413 }))).status).toBe(
    413
  );
});

it('takes over a renewed certificate, and keeps the one it has when that cannot be read', async () => {
  const { post, ca, renew, webhook, certDir, warnings } = await serving();
  const renewed = await renew();
  await expect(post(REVIEW, renewed)).rejects.toThrow(/certificate/);
  await webhook.reload();
  expect((await post(REVIEW, renewed)).status).toBe(200);
  await expect(post(REVIEW, ca)).rejects.toThrow(/certificate/);
  rmSync(join(certDir, 'tls.key'));
  await webhook.reload();
  expect(warnings).toHaveLength(1);
  expect((await post(REVIEW, renewed)).status).toBe(200);
});
