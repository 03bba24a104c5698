import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate in files of its own, which is its own authority. */
export interface TestCertificate {
  /** PEM. */
  certificate: string;
  /** PEM. */
  key: string;
  certificateFile: string;
  keyFile: string;
  remove(): Promise<void>;
}

export interface CertificateOptions {
  /** As OpenSSL writes them, e.g. `IP:127.0.0.1,DNS:localhost`. */
  subjects?: string;
  hasExpired?: boolean;
}

/** Makes a certificate with the program `openssl`. */
export async function testCertificate({
  subjects = 'IP:127.0.0.1,DNS:localhost',
  hasExpired = false,
}: CertificateOptions = {}): Promise<TestCertificate> {
  const dir = await mkdtemp(join(tmpdir(), 'nkvm-certificate-'));
  const path = (name: string) => join(dir, name);
  const config = [
    ...['[ca]', 'default_ca=self', '[self]', `database=${path('index')}`, `new_certs_dir=${dir}`],
    ...[
      'rand_serial=yes',
      'default_md=sha256',
      'policy=any',
      'x509_extensions=v3',
      'email_in_dn=no',
    ],
    ...['[any]', 'commonName=supplied', '[v3]', `subjectAltName=${subjects}`],
    ...['basicConstraints=critical,CA:TRUE', '[req]', 'distinguished_name=name', '[name]'],
  ];
  await writeFile(path('config'), `${config.join('\n')}\n`);
  await writeFile(path('index'), '');
  await run('openssl', [
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-config', path('config'), '-keyout', path('key.pem'), '-out', path('request.pem')],
    ...['-subj', '/CN=nkvm-test'],
  ]);
  // `req -x509` of OpenSSL 3.0 makes no certificate of the past; `ca` does.
  const [start, end] = hasExpired ? ['20200101', '20200102'] : ['20200101', '20400101'];
  await run('openssl', [
    ...[
      'ca',
      '-batch',
      '-selfsign',
      '-notext',
      '-config',
      path('config'),
      '-in',
      path('request.pem'),
    ],
    ...['-keyfile', path('key.pem'), '-out', path('certificate.pem')],
    ...['-startdate', `${start}000000Z`, '-enddate', `${end}000000Z`],
  ]);
  return {
    certificate: await readFile(path('certificate.pem'), 'utf8'),
    key: await readFile(path('key.pem'), 'utf8'),
    certificateFile: path('certificate.pem'),
    keyFile: path('key.pem'),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
