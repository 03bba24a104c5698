import type { DESTINATION_KINDS } from '../../sidecar/api/names.ts';

/** The kinds of destinations that a Secret can describe. */
export type Kind = (typeof DESTINATION_KINDS)[number];

/** One key of a destination's Secret, as a form asks for it. */
export interface Field {
  /** Exactly as in the Secret. */
  key: string;
  /**
   * - `text`: a line
   * - `password`: a line that is not shown
   * - `secretText`: several lines that are not shown once they are stored, e.g. a private key
   * - `lines`: several lines that anybody may see, e.g. a certificate
   * - `switch`: `"true"`, or the key is left out
   * - anything else: one of these values
   */
  input: 'text' | 'password' | 'secretText' | 'lines' | 'switch' | readonly string[];
  isRequired?: boolean;
  /** Shown in an empty field. */
  example?: string;
  /** Below "More settings", which stay closed as long as nobody needs them. */
  isMore?: boolean;
}

const field = (
  key: string,
  input: Field['input'] = 'text',
  rest: Omit<Field, 'key' | 'input'> = {}
): Field => ({ key, input, ...rest });

const required = { isRequired: true };
const more = { isMore: true };

const insecure = field('insecure', 'switch', more);
const caBundle = field('caBundle', 'lines', { example: '-----BEGIN CERTIFICATE-----', ...more });
const directory = field('directory', 'text', { ...required, example: '/backups/cluster-1' });

const s3: readonly Field[] = [
  field('endpoint', 'text', { example: 'https://s3.example.com' }),
  field('region', 'text', { example: 'us-east-1' }),
  field('bucket', 'text', { ...required, example: 'backups' }),
  field('prefix', 'text', { example: 'cluster-1/' }),
  field('accessKeyId', 'text', required),
  field('secretAccessKey', 'password', required),
  field('forcePathStyle', ['true', 'false'], more),
  field('storageClass', 'text', { example: 'STANDARD_IA', ...more }),
  field('serverSideEncryption', ['AES256', 'aws:kms', 'aws:kms:dsse', 'customer'], more),
  field('kmsKeyId', 'text', more),
  field('customerKey', 'password', more),
  field('objectLockMode', ['GOVERNANCE', 'COMPLIANCE'], more),
  field('objectLockDays', 'text', { example: '30', ...more }),
  field('checksum', ['auto', 'required', 'none'], more),
  caBundle,
  insecure,
];

const ssh: readonly Field[] = [
  field('host', 'text', { ...required, example: 'nas.example.com' }),
  field('port', 'text', { example: '22' }),
  field('username', 'text', required),
  field('password', 'password'),
  field('privateKey', 'secretText', { example: '-----BEGIN OPENSSH PRIVATE KEY-----' }),
  field('knownHosts', 'lines', { example: 'nas.example.com ssh-ed25519 AAAA…' }),
  directory,
  field('passphrase', 'password', more),
  insecure,
];

const ftp: readonly Field[] = [
  field('host', 'text', { ...required, example: 'ftp.example.com' }),
  field('port', 'text', { example: '21' }),
  field('username', 'text', required),
  field('password', 'password', required),
  field('directory', 'text', { example: '/backups/cluster-1' }),
];

/** What each kind needs. The sidecar refuses other keys. */
export const FIELDS: Readonly<Record<Kind, readonly Field[]>> = {
  s3,
  sftp: ssh,
  scp: ssh,
  ftp,
  ftps: [...ftp, field('tls', ['explicit', 'implicit']), caBundle, insecure],
  rsync: [
    field('host', 'text', { ...required, example: 'nas.example.com' }),
    field('port', 'text', { example: '873' }),
    field('module', 'text', { example: 'backups' }),
    field('directory', 'text', { example: 'cluster-1' }),
    field('username'),
    field('password', 'password'),
    field('privateKey', 'secretText', { example: '-----BEGIN OPENSSH PRIVATE KEY-----' }),
    field('knownHosts', 'lines', { example: 'nas.example.com ssh-ed25519 AAAA…' }),
    insecure,
  ],
  restic: [
    field('repository', 'text', { ...required, example: 's3:https://s3.example.com/bucket/nkvm' }),
    field('password', 'password', required),
    field('accessKeyId', 'text'),
    field('secretAccessKey', 'password'),
    field('region', 'text', more),
    caBundle,
    insecure,
  ],
  directory: [field('path', 'text', { ...required, example: '/mnt/backups' })],
};

/** Keys of every kind, of encryption with age. */
export const RECIPIENTS_KEY = 'ageRecipients';
export const PASSPHRASE_KEY = 'agePassphrase';

/** restic encrypts by itself. */
export const canEncrypt = (kind: Kind): boolean => kind !== 'restic';

/** Whether the value of a key must not be shown. */
export const isSecretKey = (kind: Kind, key: string): boolean =>
  key === PASSPHRASE_KEY ||
  FIELDS[kind].some(
    each => each.key === key && (each.input === 'password' || each.input === 'secretText')
  );
