import {
  DEFAULT_ANNOTATION,
  DESTINATION_LABEL,
  LOCAL_DESTINATION,
  REQUIRED_ANNOTATION,
} from '../../sidecar/api/names.ts';
import type { SecretChange, SecretDraft } from '../api/session/secrets';
import { isRecipient } from './ageKey';
import { canEncrypt, FIELDS, type Kind, PASSPHRASE_KEY, RECIPIENTS_KEY } from './fields';

/** `kept`: whatever the Secret says already. */
export type Encryption = 'kept' | 'none' | 'recipients' | 'passphrase';

/** A destination as a person describes it. It lives in the memory of the page only. */
export interface Form {
  kind: Kind;
  name: string;
  /** By the keys of the Secret. */
  values: Readonly<Record<string, string>>;
  /** Keys that an edit removes from the Secret. */
  removed: readonly string[];
  isDefault: boolean;
  isRequired: boolean;
  encryption: Encryption;
  /** One per line. */
  recipients: string;
  passphrase: string;
}

export const emptyForm = (kind: Kind): Form => ({
  kind,
  name: '',
  values: {},
  removed: [],
  isDefault: false,
  isRequired: true,
  encryption: 'none',
  recipients: '',
  passphrase: '',
});

/** What is wrong with a field. */
export type Problem =
  | 'missing'
  | 'name'
  | 'reserved'
  | 'taken'
  | 'port'
  | 'days'
  | 'url'
  | 'path'
  | 'host'
  | 'certificate'
  | 'privateKey'
  | 'knownHosts'
  | 'login'
  | 'pair'
  | 'lock'
  | 'customerKey'
  | 'kms'
  | 'module'
  | 'keyOnly'
  | 'recipients'
  | 'short';

/** By the key of the field; `name`, and the keys of encryption, too. */
export type Problems = Readonly<Record<string, Problem | undefined>>;

/** `new` is the address of the wizard. */
const RESERVED = [LOCAL_DESTINATION, 'new'];
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const SHORTEST_PASSPHRASE = 12;

export function nameProblem(name: string, taken: readonly string[] = []): Problem | undefined {
  if (!name) return 'missing';
  if (RESERVED.includes(name)) return 'reserved';
  if (name.length > 253 || !NAME.test(name)) return 'name';
  return taken.includes(name) ? 'taken' : undefined;
}

/**
 * @param isEdit an empty field stays as the Secret has it.
 * @param taken names of other destinations.
 */
export function problemsOf(form: Form, isEdit = false, taken: readonly string[] = []): Problems {
  const problems: Record<string, Problem | undefined> = {
    ...(!isEdit && { name: nameProblem(form.name, taken) }),
    ...(!isEdit && missing(form)),
    ...wrong(form),
    ...(!isEdit && togetherProblems(form)),
    ...encryptionProblems(form),
  };
  return Object.fromEntries(Object.entries(problems).filter(([, problem]) => problem));
}

const valueOf = ({ values }: Form, key: string) => (values[key] ?? '').trim();

const missing = (form: Form): Record<string, Problem> =>
  Object.fromEntries(
    FIELDS[form.kind]
      .filter(({ key, isRequired }) => isRequired && !valueOf(form, key))
      .map(({ key }) => [key, 'missing'])
  );

/** What is filled in, and cannot be meant. */
function wrong(form: Form): Record<string, Problem> {
  const tests: Record<string, [Problem, (value: string) => boolean]> = {
    port: ['port', isPort],
    endpoint: ['url', isUrl],
    host: ['host', value => /^([\w.-]+|\[?[\da-f:.]+\]?)$/i.test(value)],
    objectLockDays: ['days', value => /^[1-9]\d{0,4}$/.test(value)],
    path: ['path', isPath],
    caBundle: ['certificate', value => value.includes('-----BEGIN CERTIFICATE-----')],
    privateKey: ['privateKey', value => /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(value)],
    knownHosts: ['knownHosts', isKnownHosts],
  };
  return Object.fromEntries(
    FIELDS[form.kind].flatMap(({ key }) => {
      const [problem, isSound] = tests[key] ?? [];
      const value = valueOf(form, key);
      return problem && value && !isSound?.(value) ? [[key, problem] as const] : [];
    })
  );
}

const isPort = (text: string) => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;

function isUrl(text: string): boolean {
  try {
    const { protocol, username, password, pathname, search, hash } = new URL(text);
    const rest = username + password + pathname + search + hash;
    return ['http:', 'https:'].includes(protocol) && rest === '/';
  } catch {
    return false;
  }
}

/** An absolute path without a way up. */
const isPath = (text: string) => text.startsWith('/') && !text.split('/').includes('..');

/** Lines of known_hosts, or a fingerprint as `ssh-keygen -l` shows it. */
const isKnownHosts = (text: string) =>
  text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line && !line.startsWith('#'))
    .every(line => /^SHA256:[A-Za-z0-9+/]{43}=?$/.test(line) || line.split(/\s+/).length >= 3);

/** What is only right with something else. */
function togetherProblems(form: Form): Record<string, Problem | undefined> {
  const has = (key: string) => !!valueOf(form, key);
  switch (form.kind) {
    case 'sftp':
    case 'scp':
      return has('password') || has('privateKey') ? {} : { password: 'login' };
    case 'rsync':
      return has('module') ? daemonProblems(has) : rsyncOverSshProblems(has);
    case 'restic':
      return valueOf(form, 'repository').startsWith('s3:')
        ? Object.fromEntries(
            ['accessKeyId', 'secretAccessKey']
              .filter(key => !has(key))
              .map(key => [key, 'pair' as const])
          )
        : {};
    case 's3':
      return s3Problems(has, valueOf(form, 'serverSideEncryption'));
    case 'ftp':
    case 'ftps':
    case 'directory':
      return {};
  }
}

/** A module of a daemon is open to all, or has a login of its own. */
function daemonProblems(has: (key: string) => boolean): Record<string, Problem> {
  if (has('privateKey') || has('knownHosts') || has('insecure')) return { module: 'module' };
  if (has('username') === has('password')) return {};
  return { [has('username') ? 'password' : 'username']: 'pair' };
}

const rsyncOverSshProblems = (
  has: (key: string) => boolean
): Record<string, Problem | undefined> => ({
  ...(!has('privateKey') && { module: 'module' }),
  ...(!has('username') && { username: 'missing' }),
  ...(has('password') && { password: 'keyOnly' }),
});

function s3Problems(has: (key: string) => boolean, encryption: string) {
  const isCustomer = encryption === 'customer';
  return {
    ...(has('objectLockMode') !== has('objectLockDays') && {
      [has('objectLockMode') ? 'objectLockDays' : 'objectLockMode']: 'lock' as const,
    }),
    ...(isCustomer !== has('customerKey') && { customerKey: 'customerKey' as const }),
    ...(has('kmsKeyId') && !encryption.startsWith('aws:kms') && { kmsKeyId: 'kms' as const }),
  };
}

export const recipientLines = (text: string): string[] =>
  text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line && !line.startsWith('#'));

function encryptionProblems({ kind, encryption, recipients, passphrase }: Form): Problems {
  if (!canEncrypt(kind)) return {};
  switch (encryption) {
    case 'kept':
    case 'none':
      return {};
    case 'recipients': {
      const lines = recipientLines(recipients);
      if (lines.length === 0) return { [RECIPIENTS_KEY]: 'missing' };
      return lines.every(isRecipient) ? {} : { [RECIPIENTS_KEY]: 'recipients' };
    }
    case 'passphrase':
      if (!passphrase) return { [PASSPHRASE_KEY]: 'missing' };
      return passphrase.length < SHORTEST_PASSPHRASE ? { [PASSPHRASE_KEY]: 'short' } : {};
  }
}

/** The data of the Secret, all text: what is filled in, and nothing else. Passwords keep their spaces. */
export function settingsOf(form: Form): Record<string, string> {
  const filled = FIELDS[form.kind].flatMap(({ key, input }) => {
    const typed = form.values[key] ?? '';
    if (!typed.trim()) return [];
    const value =
      input === 'password' ? typed : input === 'secretText' ? `${typed.trim()}\n` : typed.trim();
    return [[key, value] as const];
  });
  return { ...Object.fromEntries(filled), ...encryptionSettings(form) };
}

function encryptionSettings({
  kind,
  encryption,
  recipients,
  passphrase,
}: Form): Record<string, string> {
  if (!canEncrypt(kind)) return {};
  switch (encryption) {
    case 'kept':
    case 'none':
      return {};
    case 'recipients':
      return { [RECIPIENTS_KEY]: recipientLines(recipients).join('\n') };
    case 'passphrase':
      return { [PASSPHRASE_KEY]: passphrase };
  }
}

/** The Secret of a new destination. @param namespace of NKVM. */
export const secretOf = (form: Form, namespace: string): SecretDraft => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'Opaque',
  metadata: {
    name: form.name,
    namespace,
    labels: { [DESTINATION_LABEL]: form.kind },
    annotations: {
      [DEFAULT_ANNOTATION]: String(form.isDefault),
      [REQUIRED_ANNOTATION]: String(form.isRequired),
    },
  },
  stringData: settingsOf(form),
});

/**
 * What an edit changes of a Secret: only what a person has changed, as somebody else may have changed the rest meanwhile. Keys
 * of the other way to encrypt go with a change of that way.
 *
 * @param before what the form began with
 */
export function changeOf(form: Form, before: Pick<Form, 'isDefault' | 'isRequired'>): SecretChange {
  const stringData = settingsOf(form);
  const encryptionKeys = form.encryption === 'kept' ? [] : [RECIPIENTS_KEY, PASSPHRASE_KEY];
  const gone = [...form.removed, ...encryptionKeys].filter(key => !(key in stringData));
  const annotations = {
    ...(form.isDefault !== before.isDefault && { [DEFAULT_ANNOTATION]: String(form.isDefault) }),
    ...(form.isRequired !== before.isRequired && {
      [REQUIRED_ANNOTATION]: String(form.isRequired),
    }),
  };
  return {
    ...(Object.keys(annotations).length > 0 && { metadata: { annotations } }),
    ...(Object.keys(stringData).length > 0 && { stringData }),
    ...(gone.length > 0 && { data: Object.fromEntries(gone.map(key => [key, null])) }),
  };
}
