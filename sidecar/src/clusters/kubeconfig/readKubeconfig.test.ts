import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KubeconfigParts } from '../../testing/cluster/kubeconfigText.ts';
import { kubeconfigText, TEST_TOKEN } from '../../testing/cluster/kubeconfigText.ts';
import { testCertificate } from '../../testing/cluster/testCertificates.ts';
import { readKubeconfig } from './readKubeconfig.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const read = (text: string, context?: string) =>
  readKubeconfig(text, { isLoopbackAllowed: false, context });

let certificate: string;
let key: string;
beforeAll(async () => {
  const made = await testCertificate();
  ({ certificate, key } = made);
  await made.remove();
});

describe('takes', () => {
  it('a server and a token, and nothing else', () => {
    expect(read(kubeconfigText())).toEqual({
      access: { server: 'https://k8s.example.com:6443', token: TEST_TOKEN },
    });
  });

  it('authorities, a client certificate with its key, and the name of the server', () => {
    const text = kubeconfigText({
      cluster: {
        'certificate-authority-data': base64(`a comment\n${certificate}${certificate}`),
        'tls-server-name': 'kubernetes',
      },
      user: {
        token: undefined,
        'client-certificate-data': base64(certificate),
        'client-key-data': base64(key),
      },
    });
    expect(read(text)).toEqual({
      access: {
        server: 'https://k8s.example.com:6443',
        caCertificates: `${certificate.trim()}\n${certificate.trim()}\n`,
        tlsServerName: 'kubernetes',
        clientCertificate: `${certificate.trim()}\n`,
        clientKey: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----/),
      },
    });
  });

  it.each<[string, string, string]>([
    [
      'a path, as Rancher has it',
      'https://r.example.com/k8s/clusters/c-1/',
      'https://r.example.com/k8s/clusters/c-1',
    ],
    ['an IPv4 address', 'https://10.0.0.7:6443', 'https://10.0.0.7:6443'],
    ['an IPv6 address', 'https://[fd12::7]:6443', 'https://[fd12::7]:6443'],
    ['the default port', 'https://10.0.0.7', 'https://10.0.0.7'],
  ])('a server with %s', (_, server, expected) =>
    expect(read(kubeconfigText({ cluster: { server } }))).toMatchObject({
      access: { server: expected },
    })
  );

  it('one context of several, and looks at no other', () => {
    const text = kubeconfigText({
      top: {
        users: [
          { name: 'nkvm', user: { token: TEST_TOKEN } },
          { name: 'person', user: { exec: { command: 'aws' } } },
        ],
        contexts: [
          { name: 'b', context: { cluster: 'site-b', user: 'nkvm' } },
          { name: 'p', context: { cluster: 'site-b', user: 'person' } },
        ],
      },
    });
    expect(read(text)).toHaveProperty('access');
    expect(read(text, 'b')).toHaveProperty('access');
    expect(read(text, 'p')).toMatchObject({ problem: { reason: 'KubeconfigFieldRefused' } });
  });

  it('JSON, and fields that change nothing', () => {
    const text = JSON.stringify({
      clusters: [
        {
          name: 'c',
          cluster: {
            server: 'https://a.example',
            extensions: [{ name: 'x' }],
            'insecure-skip-tls-verify': false,
            'proxy-url': null,
          },
        },
      ],
      users: [{ name: 'u', user: { token: TEST_TOKEN, exec: null, username: '' } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
      'current-context': 'c',
    });
    expect(read(text)).toEqual({ access: { server: 'https://a.example', token: TEST_TOKEN } });
  });
});

const cluster = (field: string, value: unknown): KubeconfigParts => ({
  cluster: { [field]: value },
});
const user = (field: string, value: unknown): KubeconfigParts => ({ user: { [field]: value } });
const server = (value: unknown): KubeconfigParts => cluster('server', value);

describe('refuses, and names the field', () => {
  it.each<[string, KubeconfigParts, RegExp]>([
    ['a program', user('exec', { command: 'sh', args: ['-c', 'id'] }), /user\.exec .*program/],
    ['a program as text', user('exec', 'sh'), /user\.exec/],
    [
      'an auth provider',
      user('auth-provider', { name: 'gcp', config: { 'cmd-path': 'sh' } }),
      /user\.auth-provider/,
    ],
    ['a file of a token', user('tokenFile', '/var/run/secrets/token'), /user\.tokenFile .*file/],
    [
      'a file of a certificate',
      user('client-certificate', '/etc/passwd'),
      /user\.client-certificate .*file/,
    ],
    ['a file of a key', user('client-key', '../key.pem'), /user\.client-key .*file/],
    [
      'a file of authorities',
      cluster('certificate-authority', '/etc/shadow'),
      /cluster\.certificate-authority .*file/,
    ],
    ['a user name', user('username', 'admin'), /user\.username/],
    ['a password', user('password', TEST_TOKEN), /user\.password/],
    ['impersonation', user('as', 'system:admin'), /user\.as .*another user/],
    ['impersonation by UID', user('as-uid', '1'), /user\.as-uid/],
    ['impersonation of groups', user('as-groups', ['system:masters']), /user\.as-groups/],
    ['impersonation with extra', user('as-user-extra', { a: ['b'] }), /user\.as-user-extra/],
    ['a proxy', cluster('proxy-url', 'socks5://10.0.0.1:1080'), /cluster\.proxy-url/],
    [
      'an unchecked certificate',
      cluster('insecure-skip-tls-verify', true),
      /cluster\.insecure-skip-tls-verify/,
    ],
    [
      'the same, as text',
      cluster('insecure-skip-tls-verify', 'True'),
      /cluster\.insecure-skip-tls-verify/,
    ],
    [
      'a name of the server that is an address',
      cluster('tls-server-name', '10.0.0.1:6443'),
      /cluster\.tls-server-name of the kubeconfig is not the name/,
    ],
    [
      'a name of the server without an authority',
      cluster('tls-server-name', 'kubernetes'),
      /cluster\.tls-server-name of the kubeconfig needs certificate-authority-data/,
    ],
    [
      'a field of later versions',
      cluster('socket-path', '/run/x'),
      /cluster\.socket-path of the kubeconfig is not one that NKVM knows/,
    ],
    [
      'a field with another spelling',
      user('EXEC', { command: 'sh' }),
      /of the user of the kubeconfig is not one/,
    ],
    [
      'a field of the context',
      { context: { 'as-tenant': 'x' } },
      /context\.as-tenant of the kubeconfig is not one/,
    ],
    [
      'http',
      server('http://k8s.example.com'),
      /cluster\.server of the kubeconfig is not an https URL/,
    ],
    ['a file as server', server('file:///etc/passwd'), /cluster\.server of the kubeconfig is not/],
    [
      'a Unix socket as server',
      server('unix:///run/docker.sock'),
      /cluster\.server of the kubeconfig is not/,
    ],
    ['no URL', server('k8s.example.com'), /cluster\.server of the kubeconfig is not a URL/],
    [
      'a URL with a line break',
      server('https://k8s.example.com\r\nHost: x'),
      /cluster\.server of the kubeconfig is not a URL/,
    ],
    [
      'a backslash in the URL',
      server('https://k8s.example.com\\@evil.example'),
      /cluster\.server of the kubeconfig is not a URL/,
    ],
    [
      'letters that look alike',
      server('https://１２７.0.0.1'),
      /cluster\.server of the kubeconfig is not a URL/,
    ],
    [
      'a password in the URL',
      server(`https://u:${TEST_TOKEN}@k8s.example.com`),
      /cluster\.server of the kubeconfig has a user name/,
    ],
    [
      'a user in the URL',
      server('https://u@k8s.example.com'),
      /cluster\.server of the kubeconfig has a user name/,
    ],
    [
      'a query',
      server('https://k8s.example.com/?a=b'),
      /cluster\.server of the kubeconfig has a query/,
    ],
    [
      'a fragment',
      server('https://k8s.example.com/#a'),
      /cluster\.server of the kubeconfig has a query/,
    ],
  ])('%s', (_, parts, message) => {
    const result = read(kubeconfigText(parts));
    expect(result).toMatchObject({
      problem: { reason: 'KubeconfigFieldRefused', message: expect.stringMatching(message) },
    });
    expect(JSON.stringify(result)).not.toContain(TEST_TOKEN);
  });
});

describe('refuses the address', () => {
  it.each<[string, string]>([
    ['of metadata', 'https://169.254.169.254/latest'],
    ['of metadata in decimal', 'https://2852039166'],
    ['of metadata in octal', 'https://0251.0376.0251.0376'],
    ['of metadata in hex', 'https://0xA9.0xFE.0xA9.0xFE'],
    ['of metadata in one number of hex', 'https://0xa9fea9fe'],
    ['of metadata mapped into IPv6', 'https://[::ffff:169.254.169.254]'],
    ['of metadata mapped, in hex', 'https://[::ffff:a9fe:a9fe]'],
    ['of metadata with encoded dots', 'https://169%2e254%2e169%2e254'],
    ['of metadata of Alibaba', 'https://100.100.100.200'],
    ['of metadata over IPv6', 'https://[fd00:ec2::254]'],
    ['of metadata by name', 'https://metadata.google.internal'],
    ['of metadata by name in capitals', 'https://METADATA.GOOGLE.INTERNAL.'],
    ['that is link-local', 'https://169.254.7.7:6443'],
    ['that is link-local in IPv6', 'https://[fe80::1]'],
    ['of the loopback', 'https://127.0.0.1:6443'],
    ['of the loopback, shortened', 'https://127.1'],
    ['of the loopback in decimal', 'https://2130706433'],
    ['of the loopback by name', 'https://localhost:6443'],
    ['of the loopback in IPv6', 'https://[::1]:6443'],
    ['of the loopback, mapped', 'https://[::ffff:127.0.0.1]'],
    ['that is unspecified', 'https://0.0.0.0'],
    ['that is unspecified, shortened', 'https://0'],
    ['that is unspecified in IPv6', 'https://[::]'],
    ['of many', 'https://224.0.0.1'],
  ])('%s: %s', (_, address) =>
    expect(read(kubeconfigText(server(address)))).toMatchObject({
      problem: {
        reason: 'ClusterAddressRefused',
        message: expect.stringContaining('the server of'),
      },
    })
  );
});

describe('refuses what is incomplete', () => {
  it.each<[string, () => KubeconfigParts, RegExp]>([
    ['no server', () => server(undefined), /no server/],
    ['no credentials', () => user('token', undefined), /neither a token nor a client certificate/],
    ['an empty token', () => user('token', ''), /neither a token nor/],
    [
      'a token with a line break',
      () => user('token', `${TEST_TOKEN}\r\nX-Other: 1`),
      /user\.token .*characters/,
    ],
    [
      'a token that is too long',
      () => user('token', 'x'.repeat(20_000)),
      /user\.token .*characters/,
    ],
    [
      'a certificate without its key',
      () => user('client-certificate-data', base64(certificate)),
      /one of client-certificate-data/,
    ],
    [
      'a key without its certificate',
      () => user('client-key-data', base64(key)),
      /one of client-certificate-data/,
    ],
    [
      'a key of another certificate',
      () => ({
        user: {
          'client-certificate-data': base64(certificate),
          'client-key-data': base64(otherKey()),
        },
      }),
      /another certificate/,
    ],
    [
      'a key with a passphrase',
      () => ({
        user: {
          'client-certificate-data': base64(certificate),
          'client-key-data': base64(lockedKey()),
        },
      }),
      /no private key in PEM/,
    ],
    [
      'a key that is not one',
      () => ({
        user: {
          'client-certificate-data': base64(certificate),
          'client-key-data': base64(TEST_TOKEN),
        },
      }),
      /no private key in PEM/,
    ],
    [
      'authorities that are not in base64',
      () => cluster('certificate-authority-data', certificate),
      /not in base64/,
    ],
    [
      'authorities that are not certificates',
      () => cluster('certificate-authority-data', base64(key)),
      /no certificate in PEM/,
    ],
    [
      'a broken certificate',
      () =>
        cluster(
          'certificate-authority-data',
          base64(certificate.replace(/\n[^-]{10}/, '\nAAAAAAAAAA'))
        ),
      /no certificate in PEM/,
    ],
  ])('%s', (_, parts, message) => {
    const result = read(kubeconfigText(parts()));
    expect(result).toMatchObject({
      problem: { reason: 'KubeconfigIncomplete', message: expect.stringMatching(message) },
    });
    const said = JSON.stringify(result);
    for (const secret of [TEST_TOKEN, base64(key).slice(0, 40), key.split('\n')[1] ?? '-'])
      expect(said).not.toContain(secret);
  });
});

describe('refuses a context', () => {
  it.each<[string, KubeconfigParts, string | undefined, RegExp]>([
    [
      'that is not chosen',
      { top: { 'current-context': undefined } },
      undefined,
      /no current-context/,
    ],
    ['that does not exist', {}, 'other', /no context "other"/],
    [
      'whose cluster does not exist',
      { context: { cluster: 'other' } },
      undefined,
      /no cluster "other"/,
    ],
    ['whose user does not exist', { context: { user: 'other' } }, undefined, /no user "other"/],
    ['whose name could forge a line', {}, 'a\n\u001b[2J', /no context "a\?\?\[2J"/],
    ['where there is none', { top: { contexts: null } }, undefined, /no context "b"/],
  ])('%s', (_, parts, context, message) =>
    expect(read(kubeconfigText(parts), context)).toMatchObject({
      problem: { reason: 'KubeconfigContextMissing', message: expect.stringMatching(message) },
    })
  );
});

describe('refuses text', () => {
  const bomb = `a: &a [x,x]\n${[...'bcdefgh']
    .map((name, at) => `${name}: &${name} [*${'abcdefgh'[at]},*${'abcdefgh'[at]}]`)
    .join('\n')}\n`;
  it.each<[string, string, RegExp]>([
    ['that grows by anchors', bomb + kubeconfigText(), /anchor|alias/],
    ['with an anchor', kubeconfigText().replace('kind: Config', 'kind: &a Config'), /anchor/],
    ['with an alias', kubeconfigText().replace('kind: Config', 'kind: *a'), /alias/],
    ['with a tag', kubeconfigText().replace('kind: Config', 'kind: !!js/function "x"'), /tag/],
    ['with binary data', kubeconfigText().replace(TEST_TOKEN, '!!binary YQ=='), /tag/],
    ['with two documents', `${kubeconfigText()}---\n${kubeconfigText()}`, /not valid YAML at line/],
    [
      'with the same key twice',
      kubeconfigText().replace('kind: Config', 'kind: Config\nkind: X'),
      /not valid YAML at line 3/,
    ],
    [
      'with the same user twice',
      kubeconfigText({
        top: {
          users: [
            { name: 'nkvm', user: {} },
            { name: 'nkvm', user: {} },
          ],
        },
      }),
      /2 entries of users/,
    ],
    [
      'that is too long',
      kubeconfigText({ user: { token: 'x'.repeat(300_000) } }),
      /longer than 128 KiB/,
    ],
    ['that is nested too deeply', '['.repeat(1_000), /nested too deeply/],
    ['with a list in a list, in one line', '- '.repeat(1_000), /nested too deeply/],
    ['with keys in keys, in one line', '? '.repeat(1_000), /nested too deeply|punctuation/],
    ['of commas, which the parser takes minutes for', `[${','.repeat(100_000)}]`, /punctuation/],
    ['of aliases', '*a '.repeat(40_000), /punctuation/],
    ['of lines', 'a\n'.repeat(60_000), /more than 4000 lines/],
    ['that is empty', '', /not a map/],
    ['that is a list', '- a\n', /not a map/],
    ['that is not YAML', `{"token": "${TEST_TOKEN}"`, /not valid YAML/],
    [
      'whose users are a map',
      kubeconfigText({ top: { users: { nkvm: {} } } }),
      /users of the kubeconfig is not a list/,
    ],
    [
      'whose token is a list',
      kubeconfigText(user('token', [TEST_TOKEN])),
      /user\.token of the kubeconfig is not text/,
    ],
  ])('%s', (_, text, message) => {
    const result = read(text);
    expect(result).toMatchObject({
      problem: { reason: 'KubeconfigUnreadable', message: expect.stringMatching(message) },
    });
    expect(JSON.stringify(result)).not.toContain(TEST_TOKEN);
  });

  it('with a prototype as a key, which changes nothing', () => {
    expect(read(`__proto__: {current-context: b}\n${kubeconfigText()}`)).toHaveProperty('access');
    expect(
      read(
        kubeconfigText().replace(
          'user:\n      token',
          'user:\n      __proto__: {a: b}\n      token'
        )
      )
    ).toMatchObject({
      problem: { reason: 'KubeconfigFieldRefused' },
    });
    expect({}).not.toHaveProperty('a');
  });
});

const otherKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
const lockedKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();
