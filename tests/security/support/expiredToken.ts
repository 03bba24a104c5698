import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { key } from '../../cluster/machine/certificates.ts';
import { ADMIN_KUBECONFIG } from '../../cluster/machine/paths.ts';
import { kubeconfigPath } from '../../cluster/support/kubectl.ts';
import type { Account } from './kube.ts';
import type { HostileWorld } from './world.ts';

/**
 * @returns a token of the ServiceAccount that was good until a minute ago. On the test cluster, the API server's own key has
 *   signed it; elsewhere its signature is not good either.
 */
export async function expiredToken(
  { kind, kube }: HostileWorld,
  account: Account
): Promise<string> {
  const [header = '', claims = ''] = (await kube.token(account)).split('.');
  const now = Math.floor(Date.now() / 1000);
  const old = { iat: now - 3660, nbf: now - 3660, exp: now - 60 };
  const body = `${header}.${encoded({ ...decoded(claims), ...old })}`;
  if (kind !== 'cluster' || kubeconfigPath() !== ADMIN_KUBECONFIG) return `${body}.c2ln`;
  const signature = createSign('RSA-SHA256')
    .update(body)
    .sign(readFileSync(key('service-accounts')));
  return `${body}.${signature.toString('base64url')}`;
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decoded = (text: string): object => JSON.parse(Buffer.from(text, 'base64url').toString());
