import type { DestinationKind } from '../../../api/index.ts';
import type { PlaceEncryption } from './settings.ts';

export interface KitFacts {
  name: string;
  kind: DestinationKind;
  /** As the place says it, e.g. `s3://bucket/prefix at https://host`. */
  location: string;
  encryption: PlaceEncryption | null;
  clusterName: string;
}

const WIDTH = 78;

/**
 * @returns plain text for a person who has the archives and this page, and nothing else. It has no secret in it: neither a key
 *   nor a password of the storage.
 */
export function recoveryKit({ name, kind, location, encryption, clusterName }: KitFacts): string {
  const { fetch, needs } = fetching(kind, location);
  return [
    `RECOVERY KIT: destination ${name} of cluster ${clusterName}`,
    '='.repeat(WIDTH),
    '',
    'Keep this outside of the cluster, e.g. in a password manager and on paper.',
    'With it the archives can be restored without NKVM and without the cluster.',
    '',
    '1. WHERE THE ARCHIVES ARE',
    '',
    `   ${location}`,
    `   kind: ${kind}; you need ${needs}.`,
    '',
    '   Their names: CLUSTER__NAMESPACE__CLAIM__TIME__RUN' + endingOf(encryption),
    '   Beside each: the same name and .json, its manifest, with sizes and SHA-256.',
    '',
    '2. THE KEY',
    '',
    ...keyLines(kind, encryption).map(line => (line ? `   ${line}` : '')),
    '',
    '3. FETCH AN ARCHIVE',
    '',
    ...fetch.map(line => `   ${line}`),
    '',
    '4. RESTORE IT, as root in the empty directory that is to be restored',
    '',
    ...unpacking(kind, encryption).map(line => `   ${line}`),
    '',
    '   Into a claim of Kubernetes: deploy/restore.sh of https://github.com/nkvm-io/nkvm',
    '',
    'TRY IT NOW, once: a key that was never used is not known to work.',
    '',
  ].join('\n');
}

const TAR =
  "tar --extract --preserve-permissions --delay-directory-restore \\\n       --same-owner --numeric-owner --acls --xattrs --xattrs-include='*'";

function endingOf(encryption: PlaceEncryption | null): string {
  return encryption ? '.tar.gz.age' : '.tar.gz';
}

function keyLines(kind: DestinationKind, encryption: PlaceEncryption | null): string[] {
  if (kind === 'restic')
    return [
      'The password of the restic repository. Without it nothing can be read.',
      '',
      'password: ______________________________________________________________',
    ];
  if (!encryption) return ['None: the archives are not encrypted.'];
  if (encryption.hasPassphrase)
    return [
      'The passphrase (agePassphrase). Without it nothing can be read.',
      '',
      'passphrase: ____________________________________________________________',
    ];
  return [
    'One of the secret keys that belong to these public keys. Without one of them',
    'nobody can read anything. The program is age, in Debian, Homebrew and winget.',
    '',
    ...encryption.recipients.map(recipient => `public key: ${recipient}`),
    '',
    'Write the secret key here, or where it is stored (a file key.txt):',
    '',
    'AGE-SECRET-KEY-1 _______________________________________________________',
  ];
}

function unpacking(kind: DestinationKind, encryption: PlaceEncryption | null): string[] {
  if (kind === 'restic')
    return [
      'restic -r REPOSITORY dump SNAPSHOT ARCHIVE.tar.gz | \\',
      `     ${TAR} --gzip --file=-`,
    ];
  if (!encryption) return [`${TAR} --gzip --file=ARCHIVE.tar.gz`];
  const identity = encryption.hasPassphrase ? '' : '--identity=key.txt ';
  return [`age --decrypt ${identity}ARCHIVE.tar.gz.age | \\`, `     ${TAR} --gzip --file=-`];
}

/** @returns commands that need no NKVM, and what a person must have for them. */
function fetching(kind: DestinationKind, location: string): { fetch: string[]; needs: string } {
  switch (kind) {
    case 's3': {
      const [, bucket = location, endpoint] = /^(s3:\S+?)(?: at (\S+))?$/.exec(location) ?? [];
      const at = endpoint ? ` --endpoint-url ${endpoint}` : '';
      return {
        needs: 'an access key of the bucket',
        fetch: [`aws s3 ls ${bucket}/${at}`, `aws s3 cp ${bucket}/ARCHIVE .${at}`],
      };
    }
    case 'sftp':
    case 'scp': {
      const [, user = '', host = 'HOST', port = '22', directory = '/'] =
        /^\w+:\/\/(?:([^@]*)@)?([^/:]+)(?::(\d+))?(\/.*)?$/.exec(location) ?? [];
      const who = user ? `${user}@${host}` : host;
      return {
        needs: 'the password or the private key of the account',
        fetch: [
          `sftp -P ${port} ${who}      then: ls ${directory}`,
          `scp -P ${port} ${who}:${directory}/ARCHIVE .`,
        ],
      };
    }
    case 'ftp':
    case 'ftps':
      return {
        needs: 'the password of the account',
        fetch: [`lftp ${location}      then: ls, get ARCHIVE`],
      };
    case 'rsync':
      return {
        needs: 'the password or the private key of the account',
        fetch: [`rsync --list-only ${location}/`, `rsync ${location}/ARCHIVE .`],
      };
    case 'restic':
      return {
        needs: 'restic and access to the repository',
        fetch: ['restic -r REPOSITORY snapshots --tag nkvm      (it is the location above)'],
      };
    case 'directory':
    case 'local':
      return {
        needs: 'the volume that has this directory',
        fetch: [`ls ${location}`, `cp ${location}/ARCHIVE .`],
      };
  }
}
