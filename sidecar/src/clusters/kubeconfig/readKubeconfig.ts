import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { RemoteAccess } from '../../cluster/gateway/remoteAccess.ts';
import type { ClusterProblem } from '../problem.ts';
import { type AddressRules, whyRefused } from './address.ts';
import { CLUSTER_FIELDS, CONTEXT_FIELDS, type FieldRules, USER_FIELDS } from './fields.ts';
import { readYamlText, type YamlText } from './yamlText.ts';

export interface ReadOptions extends AddressRules {
  /** Absent: the current one. */
  context?: string | undefined;
}

/**
 * Rebuilds the access to a cluster from a kubeconfig: it is data that someone pasted, and never code. Only one context of it is
 * looked at. Nothing is read, started or connected.
 *
 * @returns the access, or why it is refused; values of the kubeconfig are never in that, apart from names, and the host of an
 * address that is refused.
 */
export function readKubeconfig(
  text: string,
  options: ReadOptions
): { access: RemoteAccess } | { problem: ClusterProblem } {
  try {
    return { access: accessIn(text, options) };
  } catch (error) {
    if (error instanceof Refused) return { problem: error.problem };
    throw error;
  }
}

class Refused extends Error {
  readonly problem: ClusterProblem;
  constructor(reason: string, message: string, hint: string) {
    super(message);
    this.problem = { reason, message, hint };
  }
}

const refused = (reason: string, message: string, hint: string): Refused =>
  new Refused(reason, message, hint);

type Fields = Record<string, YamlText>;

function accessIn(text: string, { context: wanted, ...rules }: ReadOptions): RemoteAccess {
  const read = readYamlText(text);
  if ('wrong' in read) throw unreadable(`the kubeconfig ${read.wrong}`);
  const { map } = read;
  const context = entry(map, 'contexts', 'context', nameOfContext(map, wanted));
  allow(context, 'context', CONTEXT_FIELDS);
  const cluster = entry(map, 'clusters', 'cluster', textIn(context, 'context', 'cluster') ?? '');
  const user = entry(map, 'users', 'user', textIn(context, 'context', 'user') ?? '');
  allow(cluster, 'cluster', CLUSTER_FIELDS);
  allow(user, 'user', USER_FIELDS);

  const caCertificates = certificatesIn(cluster, 'cluster', 'certificate-authority-data');
  const tlsServerName = serverNameIn(cluster, caCertificates !== undefined);
  const token = tokenIn(user);
  const pair = clientPairIn(user);
  if (token === undefined && pair === undefined) {
    throw incomplete(
      'the user of the kubeconfig has neither a token nor a client certificate with its key',
      `${MAKE_ONE}; NKVM takes \`token\`, or \`client-certificate-data\` with \`client-key-data\``
    );
  }
  return {
    server: serverIn(cluster, rules),
    ...(caCertificates !== undefined && { caCertificates }),
    ...(tlsServerName !== undefined && { tlsServerName }),
    ...pair,
    ...(token !== undefined && { token }),
  };
}

const MAKE_ONE =
  'make a kubeconfig for a ServiceAccount of that cluster, as docs/operations/clusters.md shows';

const unreadable = (message: string): Refused =>
  refused(
    'KubeconfigUnreadable',
    message,
    'use the output of kubectl config view --raw --minify --flatten'
  );

const incomplete = (message: string, hint = MAKE_ONE): Refused =>
  refused('KubeconfigIncomplete', message, hint);

const fieldRefused = (field: string, why: string): Refused =>
  refused('KubeconfigFieldRefused', `the field ${field} of the kubeconfig ${why}`, MAKE_ONE);

const isMap = (value: YamlText | undefined): value is Fields =>
  typeof value === 'object' && !Array.isArray(value);

/** In this reading of YAML, null is a text as well. */
const isAbsent = (value: YamlText | undefined): boolean =>
  value === undefined || value === '' || value === 'null' || value === '~';

function nameOfContext(map: Fields, wanted: string | undefined): string {
  const name = wanted ?? textIn(map, '', 'current-context');
  if (name !== undefined) return name;
  throw refused(
    'KubeconfigContextMissing',
    'the kubeconfig has no current-context',
    'choose one with kubectl config use-context'
  );
}

/** @returns the entry of that name; the list may hold others, which are not looked at. */
function entry(map: Fields, list: string, kind: string, name: string): Fields {
  const all = isAbsent(map[list]) ? [] : map[list];
  if (!Array.isArray(all)) throw unreadable(`${list} of the kubeconfig is not a list`);
  const found = all.filter(each => isMap(each) && each.name === name);
  const [first] = found;
  if (found.length > 1)
    throw unreadable(`the kubeconfig has ${found.length} entries of ${list} with the same name`);
  const fields = isMap(first) ? first[kind] : undefined;
  if (isMap(fields)) return fields;
  throw refused(
    'KubeconfigContextMissing',
    `the kubeconfig has no ${kind} ${shown(name)}`,
    'use the output of kubectl config view --raw --minify --flatten'
  );
}

function allow(fields: Fields, kind: string, rules: FieldRules): void {
  const { kept, ignored } = rules;
  for (const [name, value] of Object.entries(fields)) {
    if (kept.includes(name) || ignored.includes(name)) continue;
    if (Object.hasOwn(rules.refused, name)) {
      // kubectl writes fields that are off, too.
      if (isAbsent(value) || value === 'false') continue;
      throw fieldRefused(`${kind}.${name}`, rules.refused[name] ?? '');
    }
    // A name can be a value that slipped: only what looks like a field is shown.
    const known = /^[a-z][a-zA-Z-]{0,39}$/.test(name) ? `${kind}.${name}` : `of the ${kind}`;
    throw fieldRefused(known, 'is not one that NKVM knows');
  }
}

function textIn(fields: Fields, kind: string, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (isAbsent(value)) return undefined;
  if (typeof value === 'string') return value;
  throw unreadable(
    `the field ${[kind, name].filter(Boolean).join('.')} of the kubeconfig is not text`
  );
}

/** @returns the text of a field in base64. Anything that base64 does not have is refused, not skipped. */
function decodedIn(fields: Fields, kind: string, name: string): string | undefined {
  const value = textIn(fields, kind, name)?.replace(/\s+/g, '');
  if (value === undefined) return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value))
    throw incomplete(`the field ${kind}.${name} of the kubeconfig is not in base64`);
  return Buffer.from(value, 'base64').toString('latin1');
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** @returns the certificates of a field in PEM, and nothing that is beside them. */
function certificatesIn(fields: Fields, kind: string, name: string): string | undefined {
  const pem = decodedIn(fields, kind, name);
  if (pem === undefined) return undefined;
  const found = pem.match(CERTIFICATE) ?? [];
  try {
    found.forEach(each => new X509Certificate(each));
    if (found.length > 0) return `${found.join('\n')}\n`;
  } catch {
    // OpenSSL’s message could hold a part of it
  }
  throw incomplete(`the field ${kind}.${name} of the kubeconfig holds no certificate in PEM`);
}

function clientPairIn(user: Fields): { clientCertificate: string; clientKey: string } | undefined {
  const clientCertificate = certificatesIn(user, 'user', 'client-certificate-data');
  const key = decodedIn(user, 'user', 'client-key-data');
  if (clientCertificate === undefined && key === undefined) return undefined;
  if (clientCertificate === undefined || key === undefined) {
    throw incomplete(
      'the user of the kubeconfig has one of client-certificate-data and client-key-data without the other'
    );
  }
  let clientKey: string;
  let fits: boolean;
  try {
    const parsed = createPrivateKey(key); // throws for one with a passphrase
    clientKey = parsed.export({ type: 'pkcs8', format: 'pem' }).toString();
    fits = new X509Certificate(clientCertificate).checkPrivateKey(parsed);
  } catch {
    throw incomplete(
      'the field user.client-key-data of the kubeconfig holds no private key in PEM'
    );
  }
  if (fits) return { clientCertificate, clientKey };
  throw incomplete(
    'the field user.client-key-data of the kubeconfig belongs to another certificate'
  );
}

/** A token goes into a header. */
function tokenIn(user: Fields): string | undefined {
  const token = textIn(user, 'user', 'token')?.trim();
  if (token === undefined) return undefined;
  if (/^[\x21-\x7e]{1,16384}$/.test(token)) return token;
  throw incomplete('the field user.token of the kubeconfig has characters that no token has');
}

function serverNameIn(cluster: Fields, hasAuthority: boolean): string | undefined {
  const name = textIn(cluster, 'cluster', 'tls-server-name');
  if (name === undefined) return undefined;
  const field = 'cluster.tls-server-name';
  if (
    !/^(?=.{1,253}$)[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*$/.test(
      name
    )
  )
    throw fieldRefused(field, 'is not the name of a host');
  // With public authorities, anyone who owns that name could be the server.
  if (!hasAuthority) throw fieldRefused(field, 'needs certificate-authority-data beside it');
  return name;
}

function serverIn(cluster: Fields, rules: AddressRules): string {
  const text = textIn(cluster, 'cluster', 'server');
  if (text === undefined) throw incomplete('the cluster of the kubeconfig has no server');
  // The parser skips control characters, takes \ for /, and strips spaces.
  const url =
    /^[\x21-\x5b\x5d-\x7e]+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.hostname === '') throw fieldRefused('cluster.server', 'is not a URL');
  if (url.protocol !== 'https:')
    throw fieldRefused(
      'cluster.server',
      'is not an https URL, so that anyone on the way could read the credentials'
    );
  if (url.username !== '' || url.password !== '')
    throw fieldRefused('cluster.server', 'has a user name or a password in it');
  if (url.search !== '' || url.hash !== '')
    throw fieldRefused('cluster.server', 'has a query or a fragment');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const why = whyRefused(host, rules);
  if (why === undefined) return url.href.replace(/\/+$/, '');
  throw refused(
    'ClusterAddressRefused',
    `the server of the kubeconfig, ${host}, ${why}`,
    'name the address by which NKVM reaches the API server of that cluster'
  );
}

/** Names are shown so that they cannot forge a line of the log or of a terminal. */
const shown = (name: string): string =>
  JSON.stringify(name.slice(0, 100).replace(/[^\x20-\x7e]/g, '?'));
