import { type Translate } from '../ui/text';
import { type Kind, PASSPHRASE_KEY, RECIPIENTS_KEY } from './fields';
import type { Problem } from './form';

/** The label of a field. */
export function fieldLabel(key: string, t: Translate): string {
  switch (key) {
    case 'endpoint':
      return t('Endpoint');
    case 'region':
      return t('Region');
    case 'bucket':
      return t('Bucket');
    case 'prefix':
      return t('Prefix');
    case 'accessKeyId':
      return t('Access key ID');
    case 'secretAccessKey':
      return t('Secret access key');
    case 'forcePathStyle':
      return t('Path-style addresses');
    case 'storageClass':
      return t('Storage class');
    case 'serverSideEncryption':
      return t('Encryption by the server');
    case 'kmsKeyId':
      return t('KMS key ID');
    case 'customerKey':
      return t('Customer key');
    case 'objectLockMode':
      return t('Object lock');
    case 'objectLockDays':
      return t('Days of object lock');
    case 'checksum':
      return t('Checksums');
    case 'passphrase':
      return t('Passphrase of the private key');
    case 'caBundle':
      return t('Certificates to trust');
    case 'insecure':
      return t('Skip the identity check of the server (insecure)');
    case 'host':
      return t('Host');
    case 'port':
      return t('Port');
    case 'username':
      return t('User name');
    case 'password':
      return t('Password');
    case 'privateKey':
      return t('Private key');
    case 'knownHosts':
      return t('Host key');
    case 'directory':
      return t('Directory');
    case 'tls':
      return 'TLS';
    case 'module':
      return t('Module');
    case 'repository':
      return t('Repository');
    case 'path':
      return t('Path');
    case RECIPIENTS_KEY:
      return t('Recipients');
    case PASSPHRASE_KEY:
      return t('Passphrase');
    default:
      return key;
  }
}

/** What belongs into a field, where its label does not say it. */
export function fieldHelp(kind: Kind, key: string, t: Translate): string | undefined {
  switch (key) {
    case 'endpoint':
      return t('Leave empty for Amazon S3.');
    case 'prefix':
      return t('A folder in the bucket, so that several clusters can share it.');
    case 'forcePathStyle':
      return t('Needed by most servers other than Amazon S3.');
    case 'customerKey':
      return t('32 bytes in base64, if the encryption by the server is “customer”.');
    case 'objectLockDays':
      return t('How long archives cannot be deleted. The bucket must have object lock.');
    case 'checksum':
      return t('Choose none if the server rejects checksums.');
    case 'caBundle':
      return t('PEM, of a private certificate authority.');
    case 'insecure':
      return t(
        'Anyone on the network path can read and change the data. The destination is marked as insecure.'
      );
    case 'port':
      return t('Leave empty for the default port.');
    case 'password':
      if (kind === 'restic')
        return t('The password of the repository. Without it, archives cannot be restored.');
      if (kind === 'rsync') return t('Of the module.');
      return kind === 'sftp' || kind === 'scp' ? t('Or a private key.') : undefined;
    case 'privateKey':
      return t('As ssh-keygen writes it.');
    case 'knownHosts':
      return t(
        'A line of known_hosts, or a fingerprint. The test shows the key, so that you can compare it.'
      );
    case 'module':
      return t('The module of an rsync daemon. Leave empty for rsync over SSH.');
    case 'tls':
      return t('Explicit is the default; implicit uses port 990.');
    case 'repository':
      return t(
        'As restic takes it, the URL of a repository in S3 or the path of a directory. Create it first, with restic init.'
      );
    case 'path':
      return t('In the pod of NKVM, where the file system is mounted.');
    case 'accessKeyId':
      return kind === 'restic' ? t('For a repository in S3.') : undefined;
    default:
      return undefined;
  }
}

/** What is wrong with a field, and what is right. */
export function problemText(problem: Problem, t: Translate): string {
  switch (problem) {
    case 'missing':
      return t('This field is required.');
    case 'name':
      return t('Lower-case letters, digits, dots and hyphens.');
    case 'reserved':
      return t('This name is reserved.');
    case 'taken':
      return t('A destination with this name already exists.');
    case 'port':
      return t('A number from 1 to 65535.');
    case 'url':
      return t('An https or http URL without credentials.');
    case 'days':
      return t('A number of days, at least 1.');
    case 'lock':
      return t('Set both the mode and the days, or neither.');
    case 'customerKey':
      return t('Needed for the encryption “customer”, and only there.');
    case 'kms':
      return t('It needs encryption by KMS.');
    case 'path':
      return t('An absolute path, e.g. /mnt/backups');
    case 'host':
      return t('A name or an address only, without a protocol, user or path.');
    case 'certificate':
      return t('PEM begins with -----BEGIN CERTIFICATE-----');
    case 'privateKey':
      return t('This is not a private key in PEM.');
    case 'knownHosts':
      return t('Lines of known_hosts, or a fingerprint of the form SHA256…');
    case 'login':
      return t('A password or a private key is needed.');
    case 'pair':
      return t('Fill in both fields of the login.');
    case 'module':
      return t('Enter a module of a daemon, or a private key for SSH.');
    case 'keyOnly':
      return t('Over SSH, rsync needs a private key instead.');
    case 'recipients':
      return t('One of these lines is not a recipient (age1…), or is mistyped.');
    case 'short':
      return t('At least 12 characters.');
  }
}
