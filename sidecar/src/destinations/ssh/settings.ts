import { createPrivateKey } from 'node:crypto';
import { isIP } from 'node:net';
import ssh2 from 'ssh2';
import { z } from 'zod';
import type { KnownKey } from './knownHosts.ts';
import { parseKnownHosts } from './knownHosts.ts';

/** How a server is reached and logged in to by SSH, and the directory there. */
export interface SshSettings {
  host: string;
  port: number;
  username: string;
  password?: string | undefined;
  /** In a form that ssh2 reads, together with `passphrase`. */
  privateKey?: string | undefined;
  passphrase?: string | undefined;
  /** Empty: no key is known yet. */
  knownHosts: KnownKey[];
  /** Any host key is accepted. */
  insecure: boolean;
  /** Absolute, or `.` or `./…`: below the directory of the login. */
  directory: string;
}

const HOST = /^(?!-)[A-Za-z0-9._-]{1,253}$/;

/** The data of a Secret, all text. Messages name keys and show no value. */
export const SshSecret = z
  .strictObject({
    host: z.string().trim().refine(isHost, 'must be a name or an address, without a port'),
    port: z
      .string()
      .trim()
      .regex(/^\d{1,5}$/, 'must be a number')
      .transform(Number)
      .refine(port => port > 0 && port < 65_536, 'must be between 1 and 65535')
      .default(22),
    username: z.string().trim().min(1, 'must not be empty').max(255),
    password: z.string().min(1, 'must not be empty').optional(),
    privateKey: z.string().min(1, 'must not be empty').optional(),
    passphrase: z.string().min(1, 'must not be empty').optional(),
    knownHosts: z.string().default('').transform(known),
    directory: z.string().transform(directoryOf),
    insecure: z
      .enum(['true', 'false'])
      .default('false')
      .transform(text => text === 'true'),
  })
  .refine(({ password, privateKey }) => password !== undefined || privateKey !== undefined, {
    path: ['privateKey'],
    error: 'is needed, or password',
  })
  .transform((settings, context): SshSettings => {
    const { privateKey, passphrase } = settings;
    if (privateKey === undefined) return settings;
    try {
      return { ...settings, privateKey: readablePrivateKey(privateKey, passphrase) };
    } catch (error) {
      const message = error instanceof Error ? error.message : 'cannot be read';
      context.addIssue({ code: 'custom', path: ['privateKey'], message });
      return z.NEVER;
    }
  });

function isHost(text: string): boolean {
  return HOST.test(text) || isIP(text.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

function known(text: string, context: z.RefinementCtx): KnownKey[] {
  try {
    return parseKnownHosts(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
}

/** `..` could leave the directory that a server has set apart for NKVM, and a name of one's own is never `..`. */
function directoryOf(text: string, context: z.RefinementCtx): string {
  const fault = faultOf(text);
  if (fault) {
    context.addIssue({ code: 'custom', message: fault });
    return z.NEVER;
  }
  const names = text.split('/').filter(name => name !== '' && name !== '.');
  return `${text.startsWith('/') ? '/' : './'}${names.join('/')}`.replace(/^\.\/$/, '.');
}

function faultOf(text: string): string | undefined {
  if (text === '') return 'must not be empty; "." is the directory of the login';
  if (/\p{Cc}/u.test(text)) return 'must not have control characters';
  if (text.split('/').includes('..')) return 'must not have ".." in it';
  if (text.startsWith('~')) return 'must not begin with "~": leave out "~/"';
  if (Buffer.byteLength(text) > 3_000) return 'must be shorter than 3,000 bytes';
  return undefined;
}

/**
 * @returns the key as ssh2 reads it: whole lines, and never PKCS #8, which it does not know
 * @throws Error that says why it cannot be used; shows nothing of it
 */
function readablePrivateKey(text: string, passphrase: string | undefined): string {
  const lines = text.replace(/\r/g, '').trim();
  if (/^(ssh-|ecdsa-)/.test(lines)) throw new Error('is a public key');
  const key = /BEGIN (ENCRYPTED )?PRIVATE KEY/.test(lines)
    ? fromPkcs8(lines, passphrase)
    : `${lines}\n`;
  const parsed = ssh2.utils.parseKey(key, passphrase);
  const [first] = Array.isArray(parsed) ? (parsed as unknown[]) : [parsed];
  if (first instanceof Error) throw new Error(why(first.message, passphrase !== undefined));
  if (!(first as ssh2.ParsedKey).isPrivateKey()) throw new Error('is not a private key');
  return key;
}

function why(message: string, hasPassphrase: boolean): string {
  if (/no passphrase given/i.test(message)) return 'is encrypted, and there is no passphrase';
  if (/passphrase|decrypt|integrity/i.test(message) && hasPassphrase)
    return 'does not open with this passphrase';
  return 'is not a private key that OpenSSH writes';
}

function fromPkcs8(pem: string, passphrase: string | undefined): string {
  let key;
  try {
    key = createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
  } catch {
    throw new Error(
      /ENCRYPTED/.test(pem) && passphrase === undefined
        ? 'is encrypted, and there is no passphrase'
        : 'is not a private key, or does not open with this passphrase'
    );
  }
  const forms = { rsa: 'pkcs1', ec: 'sec1' } as const;
  const type = forms[key.asymmetricKeyType as keyof typeof forms];
  if (!type)
    throw new Error('must be in the form of OpenSSH: convert it with ssh-keygen -p -f FILE');
  return key.export({ type, format: 'pem' }).toString();
}
