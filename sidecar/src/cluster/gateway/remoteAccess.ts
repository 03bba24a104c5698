import { KubeConfig } from '@kubernetes/client-node';

/** Access to a cluster other than NKVM's own, checked already. Certificates and keys are PEM. */
export interface RemoteAccess {
  /** An https URL without a slash at its end. */
  server: string;
  /** Absent: the authorities that the system trusts. */
  caCertificates?: string;
  /** Name that the server’s certificate must have, where it is not the host. */
  tlsServerName?: string;
  clientCertificate?: string;
  clientKey?: string;
  token?: string;
}

/** @returns a kubeconfig that `changeAccess` can change later. */
export function kubeConfigFor(access: RemoteAccess): KubeConfig {
  const kubeConfig = new KubeConfig();
  changeAccess(kubeConfig, access);
  return kubeConfig;
}

/** Puts another access into the same object: the next call of a gateway that uses it is made with that. */
export function changeAccess(kubeConfig: KubeConfig, access: RemoteAccess): void {
  const { server, caCertificates, tlsServerName, clientCertificate, clientKey, token } = access;
  kubeConfig.loadFromClusterAndUser(
    {
      name: 'remote',
      server,
      skipTLSVerify: false,
      ...(caCertificates !== undefined && { caData: base64(caCertificates) }),
      ...(tlsServerName !== undefined && { tlsServerName }),
    },
    {
      name: 'nkvm',
      ...(clientCertificate !== undefined && { certData: base64(clientCertificate) }),
      ...(clientKey !== undefined && { keyData: base64(clientKey) }),
      ...(token !== undefined && { token }),
    }
  );
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
