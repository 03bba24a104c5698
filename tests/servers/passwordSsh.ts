import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { AuthContext, Connection } from 'ssh2';
import ssh2 from 'ssh2';
import { sshKeyPair } from '../../sidecar/src/testing/destinations/sshKeyPair.ts';

export interface PasswordSshOptions {
  username: string;
  password: string;
  /** How passwords are taken: OpenSSH with PAM offers both, some appliances only one. */
  methods: ('password' | 'keyboard-interactive')[];
  /** Whether a public key is wanted as well. */
  alsoKey?: boolean;
}

export interface PasswordSsh {
  port: number;
  knownHosts: string;
  /** What clients have tried, e.g. `password:geheim`. */
  tried: string[];
  stop(): Promise<void>;
}

/**
 * An SSH server that takes passwords, in front of Debian's sftp-server: sshd asks PAM or the shadow file, which tests cannot
 * change. It runs no commands.
 */
export async function startPasswordSsh(options: PasswordSshOptions): Promise<PasswordSsh> {
  const { username, password, methods, alsoKey = false } = options;
  const host = sshKeyPair('ed25519');
  const tried: string[] = [];
  const clients = new Set<Connection>();

  const check = (context: AuthContext, isKeyDone: () => boolean) => {
    const left = alsoKey && !isKeyDone() ? ['publickey'] : methods;
    const refuse = () => context.reject(left as never);
    const judge = (given: string) => {
      tried.push(`${context.method}:${given}`);
      if (given === password && context.username === username) context.accept();
      else refuse();
    };
    if (!left.includes(context.method)) return refuse();
    if (context.method === 'password') return judge(context.password);
    if (context.method === 'keyboard-interactive')
      return context.prompt([{ prompt: 'Password: ', echo: false }], ([given = '']) =>
        judge(given)
      );
  };

  const server = new ssh2.Server({ hostKeys: [host.private] }, client => {
    clients.add(client);
    let isKeyDone = false;
    client.on('error', () => undefined).once('close', () => clients.delete(client));
    client.on('authentication', context => {
      if (context.method === 'publickey' && alsoKey) {
        if (!context.signature) return context.accept();
        tried.push('publickey');
        isKeyDone = true;
        return context.reject(methods as never, true);
      }
      check(context, () => isKeyDone);
    });
    client.on('session', accept => {
      const session = accept();
      session.on('exec', (_accept, refuse) => refuse?.());
      session.on(
        'subsystem' as 'sftp',
        ((take: () => ssh2.ServerChannel) => {
          const channel = take();
          const program = spawn('/usr/lib/openssh/sftp-server', {
            stdio: ['pipe', 'pipe', 'ignore'],
          });
          channel.pipe(program.stdin);
          program.stdout.pipe(channel);
          program.stdin.on('error', () => undefined);
          channel.on('error', () => undefined).once('close', () => program.kill());
        }) as never
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    port,
    knownHosts: `[127.0.0.1]:${port} ${host.public}`,
    tried,
    async stop() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      for (const client of clients) (client as unknown as { _sock: Socket })._sock.destroy();
      await closed;
    },
  };
}
