import type { Socket } from 'node:net';
import type { AnyAuthMethod, ServerHostKeyAlgorithm } from 'ssh2';
import ssh2 from 'ssh2';
import type { Stage } from '../../../api/index.ts';
import type { HostKeyError } from '../kind.ts';
import { connectAllowed } from '../trust/connect.ts';
import { hostKeyRefused } from './hostKeyRefused.ts';
import { useKeyObjects } from './keyObjects.ts';
import type { ShownKey } from './knownHosts.ts';
import { hostKeyVerdict, keysOfHost } from './knownHosts.ts';
import type { SshSettings } from './settings.ts';
import type { SshPlace } from './sshErrors.ts';
import { loginError } from './sshErrors.ts';

/** A connection on which the server is known and the user is logged in. */
export interface Login {
  client: ssh2.Client;
  socket: Socket;
  hostKey: ShownKey;
  /** How the user has logged in, e.g. `publickey`. */
  method: string;
}

export interface LoginCall {
  stage: Stage;
  signal?: AbortSignal | undefined;
  /** Of the connection, and again of the login. */
  limitMs: number;
  /** How often the server is asked for a sign of life. */
  pingMs: number;
  /** Called as soon as the server is known. */
  onKnown?: ((hostKey: ShownKey) => void) | undefined;
}

type Family = 'ed25519' | 'ecdsa' | 'rsa';
const FAMILIES: Record<Family, ServerHostKeyAlgorithm[]> = {
  ed25519: ['ssh-ed25519'],
  ecdsa: ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  rsa: ['rsa-sha2-512', 'rsa-sha2-256'],
};
const ALL: Family[] = ['ed25519', 'ecdsa', 'rsa'];

/** @throws StageError; HostKeyError before anything but the key exchange was sent */
export async function logIn(
  settings: SshSettings,
  place: SshPlace,
  call: LoginCall
): Promise<Login> {
  let first: unknown;
  for (const families of offers(settings)) {
    try {
      return await logInWith(families, settings, place, call);
    } catch (error) {
      // A fingerprint does not say of which of the server's keys it is: the others are asked for, too.
      first ??= error;
      if (!mayBeAnotherKey(error)) throw error === first ? error : first;
    }
  }
  throw first;
}

/** @returns the host key of a server that is known; nothing else is sent to it. @throws StageError */
export async function readHostKey(
  settings: SshSettings,
  place: SshPlace,
  call: Omit<LoginCall, 'pingMs'>
): Promise<ShownKey> {
  const without = { ...settings, password: undefined, privateKey: undefined };
  const known: { key?: ShownKey } = {};
  const onKnown = (key: ShownKey) => (known.key = key);
  try {
    const { client } = await logIn(without, place, { ...call, pingMs: 0, onKnown });
    client.end();
  } catch (error) {
    // The login is what is not tried here.
    if (!known.key || (error as { reason?: string }).reason !== 'LoginRefused') throw error;
  }
  return known.key!;
}

const mayBeAnotherKey = (error: unknown): boolean =>
  ['HostKeyChanged', 'SshNotAgreed'].includes((error as { reason?: string }).reason ?? '');

/** @returns which types of host keys are offered, in their order, for each attempt: those that are known come first. */
function offers({ knownHosts, host, port, insecure }: SshSettings): Family[][] {
  const known = keysOfHost(knownHosts, host, port).filter(({ isRevoked }) => !isRevoked);
  if (insecure || known.length === 0) return [ALL];
  const types = ALL.filter(family => known.some(({ type = '' }) => familyOf(type) === family));
  if (types.length === 0) return ALL.map(family => [family]);
  return [[...types, ...ALL.filter(family => !types.includes(family))]];
}

const familyOf = (type: string): Family | undefined =>
  ALL.find(family => type === `ssh-${family}` || type.startsWith(`${family}-`));

async function logInWith(
  families: Family[],
  settings: SshSettings,
  place: SshPlace,
  { stage, signal, limitMs, pingMs, onKnown }: LoginCall
): Promise<Login> {
  const { host, port } = place;
  const socket = await connectAllowed({ ...place, stage, limitMs, signal });
  // 2 MB/s without it, 200 with it: acknowledgements of small packets would wait for each other.
  socket.setNoDelay(true).setKeepAlive(true, 15_000);
  const client = new ssh2.Client();
  const seen: Seen = { methods: [], method: '' };
  let hostKey: ShownKey | undefined;
  let refused: HostKeyError | undefined;
  let end = (): void => undefined;
  // ssh2 reports some failures twice; nobody may be without a listener for the second.
  client.on('error', () => undefined);
  try {
    await new Promise<void>((resolve, reject) => {
      end = () => reject(signal?.reason);
      signal?.throwIfAborted();
      signal?.addEventListener('abort', end, { once: true });
      client.on('handshake', () => useKeyObjects(client));
      client.once('ready', resolve).once('error', reject);
      client.once('close', () => reject(Object.assign(new Error(), { code: 'ECONNRESET' })));
      client.connect({
        sock: socket,
        username: settings.username,
        readyTimeout: limitMs,
        keepaliveInterval: pingMs,
        keepaliveCountMax: Infinity, // the connection looks after itself, see connection.ts
        algorithms: { serverHostKey: families.flatMap(family => FAMILIES[family]) },
        hostVerifier: (key: Buffer) => {
          hostKey = { host, port, key };
          const verdict = settings.insecure
            ? 'known'
            : hostKeyVerdict(settings.knownHosts, hostKey);
          if (verdict === 'known') {
            onKnown?.(hostKey);
            return true;
          }
          refused = hostKeyRefused(verdict, hostKey, { stage, place: place.place });
          return false;
        },
        authHandler: ways(settings, seen),
      });
    });
    return { client, socket, hostKey: hostKey!, method: seen.method };
  } catch (error) {
    client.destroy();
    socket.destroy();
    signal?.throwIfAborted();
    throw refused ?? loginError(error, place, stage, seen.methods);
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

interface Seen {
  /** The methods that the server accepts. */
  methods: string[];
  /** The method that was tried last. */
  method: string;
}

type AuthHandler = (
  left: string[] | null,
  partial: boolean | null,
  next: (way: AnyAuthMethod | false) => void
) => void;

/**
 * Asks first what the server takes, then tries only that: each refused attempt counts there. The password is given once, by
 * `password` or, where only that is taken, `keyboard-interactive`.
 */
function ways(settings: SshSettings, seen: Seen): ssh2.AuthHandlerMiddleware {
  const { username, password, privateKey, passphrase } = settings;
  const untried: AnyAuthMethod[] = [];
  if (privateKey !== undefined) {
    const key = { key: privateKey, ...(passphrase !== undefined && { passphrase }) };
    untried.push({ type: 'publickey', username, ...key });
  }
  if (password !== undefined) {
    untried.push({ type: 'password', username, password });
    untried.push({
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, answer) => {
        // A second question is for something that NKVM does not have, e.g. a code from a telephone.
        const isPassword = prompts.length === 1 && prompts[0]?.echo !== true;
        answer(isPassword ? [password] : prompts.map(() => ''));
      },
    });
  }
  let isFirst = true;
  const handler: AuthHandler = (left, _partial, next) => {
    if (isFirst) {
      isFirst = false;
      return next({ type: 'none', username });
    }
    seen.methods = left ?? [];
    const at = untried.findIndex(({ type }) => left?.includes(type));
    const [way] = at < 0 ? [] : untried.splice(at, 1);
    if (!way) return next(false);
    if (way.type === 'password')
      untried.splice(0, Infinity, ...untried.filter(({ type }) => type !== 'keyboard-interactive'));
    seen.method = way.type;
    next(way);
  };
  return handler as unknown as ssh2.AuthHandlerMiddleware;
}
