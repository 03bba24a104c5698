import ssh2 from 'ssh2';

type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

/**
 * @returns a new key pair in the form of OpenSSH. One of 256 that ssh2 1.17 makes cannot be read, neither by itself nor by
 * ssh-keygen (measured); such a pair is thrown away.
 */
export function sshKeyPair(
  type: KeyType,
  options: { bits?: number; passphrase?: string; cipher?: string; rounds?: number } = {}
): { private: string; public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync(type as 'rsa', options as never);
    if (!(ssh2.utils.parseKey(pair.private, options.passphrase) instanceof Error)) return pair;
  }
}
