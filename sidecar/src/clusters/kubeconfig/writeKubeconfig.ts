import { stringify } from 'yaml';
import type { RemoteAccess } from '../../cluster/gateway/remoteAccess.ts';

/** @returns a kubeconfig of one cluster, one user and one context, which `readKubeconfig` reads as the same access. */
export function writeKubeconfig(name: string, access: RemoteAccess): string {
  const { server, caCertificates, tlsServerName, clientCertificate, clientKey, token } = access;
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: {
          server,
          ...(caCertificates !== undefined && {
            'certificate-authority-data': base64(caCertificates),
          }),
          ...(tlsServerName !== undefined && { 'tls-server-name': tlsServerName }),
        },
      },
    ],
    users: [
      {
        name: 'nkvm',
        user: {
          ...(clientCertificate !== undefined && {
            'client-certificate-data': base64(clientCertificate),
          }),
          ...(clientKey !== undefined && { 'client-key-data': base64(clientKey) }),
          ...(token !== undefined && { token }),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: 'nkvm' } }],
    'current-context': name,
  });
}
