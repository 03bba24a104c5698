/** Fields of a part of a kubeconfig, and how NKVM treats them. A field that is in no list is refused. */
export interface FieldRules {
  /** Taken over. */
  kept: readonly string[];
  /** Left out: it changes nothing about the connection. */
  ignored: readonly string[];
  /** Refused, and why. */
  refused: Readonly<Record<string, string>>;
}

const FILE = 'names a file, and NKVM reads no file that a kubeconfig names';

export const CLUSTER_FIELDS: FieldRules = {
  kept: ['server', 'certificate-authority-data', 'tls-server-name'],
  ignored: ['extensions', 'disable-compression'],
  refused: {
    'insecure-skip-tls-verify':
      'turns off the check of the server’s certificate, so that anyone on the way could read the credentials',
    'certificate-authority': FILE,
    'proxy-url': 'sends the credentials through another server',
  },
};

export const USER_FIELDS: FieldRules = {
  kept: ['client-certificate-data', 'client-key-data', 'token'],
  ignored: ['extensions'],
  refused: {
    exec: 'starts a program',
    'auth-provider': 'starts a program, or asks another server for a token',
    'client-certificate': FILE,
    'client-key': FILE,
    tokenFile: FILE,
    username: 'is a password login, which Kubernetes does not support any more',
    password: 'is a password login, which Kubernetes does not support any more',
    as: 'acts as another user',
    'as-uid': 'acts as another user',
    'as-groups': 'acts as another user',
    'as-user-extra': 'acts as another user',
  },
};

export const CONTEXT_FIELDS: FieldRules = {
  kept: ['cluster', 'user'],
  ignored: ['namespace', 'extensions'],
  refused: {},
};
