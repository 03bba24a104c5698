import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { API_ADDRESS, API_PORT, API_SERVICE_ADDRESS, NODES, STATE } from './paths.ts';
import { run } from './run.ts';

const KEYS = join(STATE, 'pki');
const DAYS = '365';

export const key = (name: string): string => join(KEYS, `${name}.key`);
export const certificate = (name: string): string => join(KEYS, `${name}.crt`);
export const kubeconfig = (name: string): string => join(STATE, `${name}.kubeconfig`);

/** Makes the authority of the cluster, a certificate for each part that needs one, and their kubeconfigs. */
export function makeCertificates(): void {
  if (existsSync(key('service-accounts'))) return;
  mkdirSync(KEYS, { recursive: true, mode: 0o700 });
  const authority = ['-x509', '-days', DAYS, '-subj', '/CN=nkvm-test', '-out', certificate('ca')];
  run('openssl', ['req', '-newkey', 'rsa:2048', '-nodes', '-keyout', key('ca'), ...authority]);
  const names = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const addresses = ['127.0.0.1', API_ADDRESS, API_SERVICE_ADDRESS];
  sign('kube-apiserver', '/CN=kube-apiserver', [
    ...addresses.map(ip),
    ...names.map(name => `DNS:${name}`),
  ]);
  sign('front-proxy', '/CN=front-proxy');
  for (const name of ['admin', 'control-plane']) {
    sign(name, `/O=system:masters/CN=${name}`);
    writeKubeconfig(name);
  }
  for (const { name, address } of NODES) {
    sign(name, `/O=system:nodes/CN=system:node:${name}`, [ip(address)]);
    writeKubeconfig(name);
  }
  run('openssl', ['genrsa', '-out', key('service-accounts'), '2048']);
}

const ip = (address: string): string => `IP:${address}`;

function sign(name: string, subject: string, alternatives: string[] = []): void {
  const request = run('openssl', [
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    subject,
    '-keyout',
    key(name),
  ]);
  const extensions = join(KEYS, `${name}.ext`);
  const usage = 'extendedKeyUsage=serverAuth,clientAuth\n';
  writeFileSync(
    extensions,
    usage + (alternatives.length ? `subjectAltName=${alternatives.join(',')}\n` : '')
  );
  const by = ['-CA', certificate('ca'), '-CAkey', key('ca'), '-CAcreateserial', '-days', DAYS];
  run('openssl', ['x509', '-req', ...by, '-extfile', extensions, '-out', certificate(name)], {
    input: request,
  });
}

function writeKubeconfig(name: string): void {
  const inline = (file: string): string => readFileSync(file).toString('base64');
  const cluster = {
    server: `https://127.0.0.1:${API_PORT}`,
    'certificate-authority-data': inline(certificate('ca')),
  };
  const user = {
    'client-certificate-data': inline(certificate(name)),
    'client-key-data': inline(key(name)),
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name, user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
    'current-context': 'test',
  };
  writeFileSync(kubeconfig(name), JSON.stringify(config, null, 2), { mode: 0o600 });
}
