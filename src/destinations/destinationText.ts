import type {
  CheckStep,
  Destination,
  DestinationKind,
  DestinationState,
  Proof,
} from '../../sidecar/api';
import { type Translate } from '../ui/text';

/** What a kind is called. Names of protocols are the same in every language. */
export function kindName(kind: DestinationKind, t: Translate): string {
  switch (kind) {
    case 'local':
      return t('Directory of NKVM');
    case 's3':
      return 'S3';
    case 'sftp':
      return 'SFTP';
    case 'scp':
      return 'SCP';
    case 'ftp':
      return 'FTP';
    case 'ftps':
      return 'FTPS';
    case 'rsync':
      return 'rsync';
    case 'restic':
      return 'restic';
    case 'directory':
      return t('Directory');
  }
}

/** When to take a kind, in one sentence. */
export function kindAdvice(kind: DestinationKind, t: Translate): string {
  switch (kind) {
    case 'local':
      return t('The volume of NKVM itself.');
    case 's3':
      return t(
        'Object storage of a cloud, or a server such as MinIO or Ceph. It is fast, and can protect archives from being deleted. Use it where you can.'
      );
    case 'sftp':
      return t('A server or a NAS that you reach by SSH. Files can be browsed and read in part.');
    case 'scp':
      return t('A server that allows commands over SSH, and has no SFTP.');
    case 'ftp':
      return t(
        'An old server in a network that you trust. Password and data are sent in the clear, so encrypt the archives.'
      );
    case 'ftps':
      return t('An FTP server with TLS, such as the backup space of many providers.');
    case 'rsync':
      return t('A NAS or a provider that offers an rsync module, or rsync over SSH.');
    case 'restic':
      return t(
        'For volumes that change little, because repeated data is stored once. Needs restic to restore by hand.'
      );
    case 'directory':
      return t('A file system that is mounted into the pod of NKVM, such as NFS.');
  }
}

export function stateText(state: DestinationState, t: Translate): string {
  switch (state) {
    case 'ready':
      return t('Ready');
    case 'unknown':
      return t('Not used yet');
    case 'failing':
      return t('Failing');
    case 'paused':
      return t('Paused');
    case 'invalid':
      return t('Wrong settings');
  }
}

/** What a state means for backups, in one sentence. @param date writes a moment. */
export function stateSentence(
  { state, retryAt, lastProvenAt }: Pick<Destination, 'state' | 'retryAt' | 'lastProvenAt'>,
  t: Translate,
  date: (at: string) => string
): string {
  switch (state) {
    case 'ready':
      return lastProvenAt
        ? t('It worked when it was last used.')
        : t('It responds. No archive has been verified there yet.');
    case 'unknown':
      return t('It has not been used yet. Test it to see whether it works.');
    case 'failing':
      return t('It did not work when it was last used. Backups still try it.');
    case 'paused':
      return retryAt
        ? t('It failed several times in a row. Nothing is sent there until {{when}}.', {
            when: date(retryAt),
          })
        : t('It failed several times in a row. Nothing is sent there for a while.');
    case 'invalid':
      return t('Nothing can be sent there until its settings are corrected.');
  }
}

/** What a step of a test does. */
export function stepText(step: CheckStep['step'], t: Translate): string {
  switch (step) {
    case 'settings':
      return t('Settings');
    case 'resolve':
      return t('Find the address (DNS)');
    case 'connect':
      return t('Connect');
    case 'tls':
      return t('Certificate (TLS)');
    case 'host-key':
      return t('Host key');
    case 'login':
      return t('Log in');
    case 'space':
      return t('Free space');
    case 'write':
      return t('Write');
    case 'read-back':
      return t('Read back');
    case 'range':
      return t('Read a part');
    case 'rename':
      return t('Publish without replacing');
    case 'delete':
      return t('Delete');
  }
}

export function stepStateText(state: CheckStep['state'], t: Translate): string {
  switch (state) {
    case 'passed':
      return t('Passed');
    case 'failed':
      return t('Failed');
    case 'skipped':
      return t('Not tested');
  }
}

/** How a copy was proven, and by what. */
export function proofText({ level, readFrom }: Proof, t: Translate): string {
  return `${levelText(level, t)}, ${readFromText(readFrom, t)}`;
}

function levelText(level: Proof['level'], t: Translate): string {
  switch (level) {
    case 'size':
      return t('Size');
    case 'checksum':
      return t('Checksum');
    case 'contents':
      return t('Contents');
  }
}

function readFromText(readFrom: Proof['readFrom'], t: Translate): string {
  switch (readFrom) {
    case 'storage':
      return t('read back');
    case 'cache':
      return t('read back, possibly from a cache');
    case 'server':
      return t('as reported by the server');
  }
}
