import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { DoctorFinding } from '../../../api/index.ts';
import { textOf } from '../../errors.ts';
import { fails, failsBy, fine, warns } from '../finding.ts';
import { timeText } from './timeText.ts';

/** @throws Error when nothing listens there; the signal's reason */
async function reach(host: string, port: number, signal: AbortSignal): Promise<void> {
  const socket = connect({ host, port, signal });
  try {
    await once(socket, 'connect', { signal });
  } finally {
    socket.destroy();
  }
}

/** @param where `host:port` by which helper pods reach the port; null: there is none */
export async function checkPush(
  where: string | null,
  signal: AbortSignal
): Promise<DoctorFinding[]> {
  if (where === null)
    return [
      fine(
        'there is no port for helper pods (NKVM_PUSH_PORT): archives travel through the API server'
      ),
    ];
  const { hostname, port } = new URL(`http://${where}`);
  try {
    await reach(hostname.replace(/^\[|\]$/g, ''), Number(port), signal);
    return [fine(`helper pods send archives to ${where}, which answers from here`)];
  } catch (error) {
    signal.throwIfAborted();
    return [
      warns(
        `helper pods should send archives to ${where}, which does not answer from here: ${textOf(
          error
        )}`,
        'see NKVM_PUSH_ADDRESS and NKVM_PUSH_PORT; archives travel through the API server meanwhile'
      ),
    ];
  }
}

const DAY_MS = 86_400_000;
/** cert-manager renews a certificate of 90 days when 30 are left. */
const SOON_DAYS = 14;

/** @param webhook undefined: there is none */
export async function checkWebhook(
  webhook: { port: number; certDir: string } | undefined,
  now: Date
): Promise<DoctorFinding[]> {
  if (!webhook) return [fine('there is no webhook (NKVM_WEBHOOK_PORT)')];
  const path = join(webhook.certDir, 'tls.crt');
  const renew =
    'renew the Secret of the certificate: see docs/operations/zero-touch-webhook.md; labelled claims cannot be created without the webhook';
  try {
    return [certificateVerdict(path, new X509Certificate(await readFile(path)), now, renew)];
  } catch (error) {
    return [failsBy(`the certificate of the webhook ${path} cannot be read`, error, renew)];
  }
}

export function certificateVerdict(
  path: string,
  { validFromDate, validToDate }: Pick<X509Certificate, 'validFromDate' | 'validToDate'>,
  now: Date,
  toDo: string
): DoctorFinding {
  const what = `the certificate of the webhook ${path}`;
  const until = timeText(validToDate.toISOString());
  if (now < validFromDate)
    return fails(
      `${what} is valid from ${timeText(validFromDate.toISOString())} on, which is not yet`,
      toDo
    );
  if (now >= validToDate) return fails(`${what} has expired ${until}`, toDo);
  const isSoon = validToDate.getTime() - now.getTime() < SOON_DAYS * DAY_MS;
  return isSoon ? warns(`${what} expires ${until}`, toDo) : fine(`${what} is valid until ${until}`);
}
