import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bech32 } from './ageKey';
import { FIELDS, isSecretKey, type Kind } from './fields';
import { changeOf, emptyForm, type Form, nameProblem, type Problems, problemsOf } from './form';
import { secretOf, settingsOf } from './form';
import { manifestOf, PLACEHOLDER } from './manifest';

const RECIPIENT = bech32('age', new Uint8Array(32).fill(7));
const OTHER = bech32('age', new Uint8Array(32).fill(8));
const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----';
const CA = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

const VALUES: Record<Kind, Record<string, string>> = {
  s3: { bucket: 'backups', accessKeyId: 'id', secretAccessKey: 'hush' },
  sftp: { host: 'nas', username: 'nkvm', password: 'hush', directory: '/backups' },
  scp: { host: 'nas', username: 'nkvm', privateKey: KEY, directory: '/backups' },
  ftp: { host: 'nas', username: 'nkvm', password: 'hush', directory: '/backups' },
  ftps: { host: 'nas', username: 'nkvm', password: 'hush', directory: '/backups' },
  rsync: { host: 'nas', module: 'backups' },
  restic: { repository: '/mnt/restic', password: 'hush' },
  directory: { path: '/mnt/backups' },
};

const form = (kind: Kind, values: Record<string, string> = {}, rest: Partial<Form> = {}): Form => ({
  ...emptyForm(kind),
  name: 'offsite',
  values: { ...VALUES[kind], ...values },
  ...rest,
});

describe('a name', () => {
  it.each([
    ['offsite', undefined],
    ['nas.example', undefined],
    ['', 'missing'],
    ['local', 'reserved'],
    ['new', 'reserved'],
    ['Off_site', 'name'],
    ['-offsite', 'name'],
    ['x'.repeat(254), 'name'],
    ['nas', 'taken'],
  ])('%j: %s', (name, problem) => expect(nameProblem(name, ['nas'])).toBe(problem));
});

describe('the settings of a destination', () => {
  it.each(Object.keys(VALUES) as Kind[])('of kind %s are right with what it needs', kind => {
    expect(problemsOf(form(kind))).toEqual({});
    for (const { key, isRequired } of FIELDS[kind]) {
      if (isRequired) expect(problemsOf(form(kind, { [key]: ' ' }))).toEqual({ [key]: 'missing' });
    }
  });

  it.each<[string, Form, Problems]>([
    ['a port of letters', form('sftp', { port: 'ssh' }), { port: 'port' }],
    ['a port that is too high', form('sftp', { port: '65536' }), { port: 'port' }],
    ['an endpoint without https', form('s3', { endpoint: 's3.example' }), { endpoint: 'url' }],
    ['a path in an endpoint', form('s3', { endpoint: 'https://s3/b' }), { endpoint: 'url' }],
    ['an IPv6 address', form('sftp', { host: '[fd00::1]' }), {}],
    ['half of a lock', form('s3', { objectLockMode: 'GOVERNANCE' }), { objectLockDays: 'lock' }],
    [
      'a lock of no time',
      form('s3', { objectLockMode: 'GOVERNANCE', objectLockDays: '0' }),
      { objectLockDays: 'days' },
    ],
    ['a key without its use', form('s3', { customerKey: 'x' }), { customerKey: 'customerKey' }],
    ['a KMS key without KMS', form('s3', { kmsKeyId: 'x' }), { kmsKeyId: 'kms' }],
    ['a login in an endpoint', form('s3', { endpoint: 'https://a:b@s3' }), { endpoint: 'url' }],
    ['an address as a host', form('sftp', { host: 'sftp://nas' }), { host: 'host' }],
    ['a user in a host', form('sftp', { host: 'me@nas' }), { host: 'host' }],
    ['a way up', form('directory', { path: '/mnt/../etc' }), { path: 'path' }],
    ['a relative path', form('directory', { path: 'mnt' }), { path: 'path' }],
    ['no certificate', form('s3', { caBundle: 'MIIB' }), { caBundle: 'certificate' }],
    ['a public key', form('sftp', { privateKey: 'ssh-rsa AA' }), { privateKey: 'privateKey' }],
    ['half of a host key', form('sftp', { knownHosts: 'nas' }), { knownHosts: 'knownHosts' }],
    ['a fingerprint', form('sftp', { knownHosts: `SHA256:${'a'.repeat(43)}` }), {}],
    ['no way to log in', form('sftp', { password: '' }), { password: 'login' }],
    [
      'neither module nor key',
      form('rsync', { module: '', username: 'nkvm' }),
      { module: 'module' },
    ],
    ['rsync over SSH', form('rsync', { module: '', username: 'nkvm', privateKey: KEY }), {}],
    [
      'rsync over SSH with a password',
      form('rsync', { module: '', username: 'nkvm', privateKey: KEY, password: 'x' }),
      { password: 'keyOnly' },
    ],
    ['both ways of rsync', form('rsync', { privateKey: KEY }), { module: 'module' }],
    ['half of a module’s login', form('rsync', { username: 'a' }), { password: 'pair' }],
    [
      'half of a login',
      form('restic', { repository: 's3:https://s3/restic', accessKeyId: 'id' }),
      { secretAccessKey: 'pair' },
    ],
    ['recipients', form('s3', {}, { encryption: 'recipients', recipients: RECIPIENT }), {}],
    [
      'no recipients',
      form('s3', {}, { encryption: 'recipients', recipients: '# none\n' }),
      { ageRecipients: 'missing' },
    ],
    [
      'a mistyped recipient',
      form('s3', {}, { encryption: 'recipients', recipients: `${RECIPIENT}\nage1x` }),
      { ageRecipients: 'recipients' },
    ],
    [
      'a short passphrase',
      form('s3', {}, { encryption: 'passphrase', passphrase: 'short' }),
      { agePassphrase: 'short' },
    ],
  ])('%s', (_, given, problems) => expect(problemsOf(given)).toEqual(problems));

  it('may stay empty in an edit, and are looked at where they are filled in', () => {
    expect(problemsOf({ ...emptyForm('sftp'), encryption: 'kept' }, true)).toEqual({});
    expect(problemsOf({ ...emptyForm('sftp'), values: { port: 'x' } }, true)).toEqual({
      port: 'port',
    });
  });

  it('keep the spaces of a password, and end a key with a line break', () => {
    expect(
      settingsOf(form('sftp', { password: ' pass ', host: ' nas ', privateKey: KEY }))
    ).toEqual({
      host: 'nas',
      username: 'nkvm',
      password: ' pass ',
      privateKey: `${KEY}\n`,
      directory: '/backups',
    });
  });
});

describe('the Secret', () => {
  it('has the label, the annotations and what is filled in', () => {
    expect(
      secretOf(
        form('s3', { region: '' }, { encryption: 'recipients', recipients: RECIPIENT }),
        'nkvm'
      )
    ).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: {
        name: 'offsite',
        namespace: 'nkvm',
        labels: { 'nkvm.io/destination': 's3' },
        annotations: { 'nkvm.io/default': 'false', 'nkvm.io/required': 'true' },
      },
      stringData: { ...VALUES.s3, ageRecipients: RECIPIENT },
    });
  });

  it('of restic is not encrypted twice', () => {
    const given = form(
      'restic',
      {},
      { encryption: 'passphrase', passphrase: 'long enough for it' }
    );
    expect(settingsOf(given)).toEqual(VALUES.restic);
  });

  it('shows none of its credentials as a manifest, and all else as it is', () => {
    const secret = secretOf(
      form(
        'sftp',
        { privateKey: KEY, knownHosts: 'nas ssh-ed25519 AAAA\nnas ssh-rsa BBBB', port: '22' },
        { encryption: 'recipients', recipients: `${RECIPIENT}\n${OTHER}` }
      ),
      'nkvm'
    );
    const text = manifestOf(secret, 'sftp');
    expect(text).not.toMatch(/hush|b3Blbn/);
    expect(parse(text)).toEqual({
      ...secret,
      stringData: { ...secret.stringData, password: PLACEHOLDER, privateKey: PLACEHOLDER },
    });
  });

  it.each([
    CA,
    ' begins with a space\nx',
    'no: "map"',
    'a # comment',
    '- list\n- list\n\n- end',
    '1',
  ])('is read by YAML as it was written: %j', value => {
    const secret = { ...secretOf(form('s3'), 'nkvm'), stringData: { caBundle: value } };
    expect(parse(manifestOf(secret, 's3'))).toEqual(secret);
  });

  it('knows what must not be shown', () => {
    expect(isSecretKey('s3', 'secretAccessKey')).toBe(true);
    expect(isSecretKey('sftp', 'privateKey')).toBe(true);
    expect(isSecretKey('s3', 'agePassphrase')).toBe(true);
    expect(isSecretKey('s3', 'accessKeyId')).toBe(false);
  });
});

describe('an edit', () => {
  const edit = (rest: Partial<Form>): Form => ({ ...emptyForm('s3'), encryption: 'kept', ...rest });
  const before = emptyForm('s3');

  it('changes what is filled in, and removes what is to go', () => {
    expect(
      changeOf(
        edit({ values: { secretAccessKey: 'rotated', region: ' ' }, removed: ['prefix'] }),
        before
      )
    ).toEqual({
      stringData: { secretAccessKey: 'rotated' },
      data: { prefix: null },
    });
  });

  it('leaves the data alone where only the marks change', () => {
    expect(changeOf(edit({ isDefault: true, isRequired: false }), before)).toEqual({
      metadata: { annotations: { 'nkvm.io/default': 'true', 'nkvm.io/required': 'false' } },
    });
  });

  it('leaves a mark as it is that somebody else may have set since the form was opened', () => {
    const opened = { isDefault: false, isRequired: true };
    expect(changeOf(edit({ ...opened, values: { region: 'eu' } }), opened)).toEqual({
      stringData: { region: 'eu' },
    });
    expect(changeOf(edit({ isDefault: false, isRequired: false }), opened)).toEqual({
      metadata: { annotations: { 'nkvm.io/required': 'false' } },
    });
  });

  it('changes the way to encrypt', () => {
    expect(changeOf(edit({ encryption: 'recipients', recipients: RECIPIENT }), before)).toEqual({
      stringData: { ageRecipients: RECIPIENT },
      data: { agePassphrase: null },
    });
    expect(changeOf(edit({ encryption: 'none' }), before).data).toEqual({
      ageRecipients: null,
      agePassphrase: null,
    });
  });
});
