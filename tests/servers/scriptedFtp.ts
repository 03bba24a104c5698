import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';

/** What a server does that vsftpd never does. */
export interface Misdeeds {
  /** It keeps only so many bytes of a file, and says that all is well. */
  keeps?: number;
  /** It changes the first byte of a file, and says that all is well. */
  changes?: boolean;
  /** It takes no byte of a file, and keeps the connection. */
  hangs?: boolean;
  /** After so many bytes of a file it says that its disk is full. */
  fullAfter?: number;
  /** It ends a listing after so many bytes, and the control connection with it. */
  endsListingAfter?: number;
  /** It renames, and closes the connection instead of saying so. */
  forgetsRename?: boolean;
}

export interface ScriptedFtp {
  host: string;
  port: number;
  files: Map<string, Buffer>;
  directories: Set<string>;
  /** Every command that it got, without passwords. */
  commands: string[];
  misdeeds: Misdeeds;
  stop(): Promise<void>;
}

/** A small FTP server in memory that has MLSD, HASH and AVBL, and breaks on demand. Its only directory is the first. */
export async function startScriptedFtp({
  features = ['MLST type*;size*;modify*;', 'HASH SHA-256*', 'AVBL'],
} = {}): Promise<ScriptedFtp> {
  const sockets = new Set<Socket>();
  const state: ScriptedFtp = {
    host: '127.0.0.1',
    port: 0,
    files: new Map(),
    directories: new Set(),
    commands: [],
    misdeeds: {},
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
  const server = createServer(control => {
    sockets.add(control);
    control.on('error', () => undefined).once('close', () => sockets.delete(control));
    const session = sessionOf(control, state, features, sockets);
    let text = '';
    let turn: Promise<unknown> = Promise.resolve();
    control.on('data', chunk => {
      const lines = (text + chunk).split('\r\n');
      text = lines.pop() ?? '';
      for (const line of lines)
        turn = turn.then(() => session(line)).catch(() => control.destroy());
    });
    control.write('220 ready\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  state.port = (server.address() as AddressInfo).port;
  return state;
}

function sessionOf(control: Socket, state: ScriptedFtp, features: string[], sockets: Set<Socket>) {
  const { files, directories, commands } = state;
  let data: Promise<Socket> | undefined;
  let passive: Server | undefined;
  let from = 0;
  let renaming = '';
  const say = (line: string) => control.write(`${line}\r\n`);
  const facts = (name: string) => {
    const file = files.get(name);
    return file
      ? `type=file;size=${file.length};modify=20261126213000; ${name}`
      : `type=dir;modify=20261126213000; ${name}`;
  };
  const missing = () => say('550 No such file or directory');

  async function send(bytes: Buffer, endAfter?: number) {
    say('150 here it comes');
    const socket = await data!;
    if (endAfter === undefined) {
      socket.end(bytes);
      say('226 done');
    } else {
      socket.end(bytes.subarray(0, endAfter));
      control.end();
    }
  }

  async function receive(name: string) {
    const { keeps, changes, hangs, fullAfter = Infinity } = state.misdeeds;
    say('150 go on');
    const socket = await data!;
    if (hangs) return void socket.pause();
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of socket) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > fullAfter) {
        say('552 Quota exceeded');
        socket.destroy();
        break;
      }
    }
    const whole = Buffer.concat(chunks).subarray(0, keeps);
    if (changes && whole.length > 0) whole[0]! ^= 1;
    files.set(name, whole);
    if (bytes <= fullAfter) say('226 stored');
  }

  return async (line: string): Promise<void> => {
    const [, verb = '', rest = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    commands.push(verb === 'PASS' ? verb : line);
    const file = files.get(rest);
    switch (verb.toUpperCase()) {
      case 'USER':
        return void say('331 password');
      case 'PASS':
        return void say(rest === 'wrong' ? `530 ${rest} is wrong` : '230 welcome');
      case 'FEAT':
        return void say(
          ['211-Features', ...features.map(each => ` ${each}`), '211 End'].join('\r\n')
        );
      case 'EPSV': {
        passive?.close();
        passive = createServer({ allowHalfOpen: true });
        const { promise, resolve } = Promise.withResolvers<Socket>();
        passive.once('connection', socket => {
          sockets.add(socket);
          socket.on('error', () => undefined);
          passive?.close();
          resolve(socket);
        });
        data = promise;
        passive.listen(0, '127.0.0.1');
        await once(passive, 'listening');
        return void say(`229 Extended (|||${(passive.address() as AddressInfo).port}|)`);
      }
      case 'REST':
        from = Number(rest);
        return void say('350 from there');
      case 'RETR':
        if (!file) return void missing();
        await send(file.subarray(from));
        from = 0;
        return;
      case 'STOR':
        return await receive(rest);
      case 'MLSD':
      case 'LIST': {
        const names = [...files.keys(), ...directories];
        const lines = names.map(name => `${facts(name)}\r\n`).join('');
        return await send(Buffer.from(lines), state.misdeeds.endsListingAfter);
      }
      case 'MLST':
        if (!file) return void missing();
        return void say(`250-facts\r\n ${facts(rest)}\r\n250 End`);
      case 'SIZE':
        return void (file ? say(`213 ${file.length}`) : missing());
      case 'HASH':
        if (!file) return void missing();
        return void say(
          `213 SHA-256 0-${file.length} ${createHash('sha256').update(file).digest('hex')} ${rest}`
        );
      case 'AVBL':
        return void say('213 123456789');
      case 'DELE':
        return void (files.delete(rest) ? say('250 deleted') : missing());
      case 'MKD':
        if (directories.has(rest)) return void say('550 exists');
        directories.add(rest);
        return void say('257 made');
      case 'RMD':
        return void (directories.delete(rest) ? say('250 removed') : missing());
      case 'RNFR':
        renaming = rest;
        return void (file || directories.has(rest) ? say('350 to?') : missing());
      case 'RNTO':
        files.set(rest, files.get(renaming)!);
        files.delete(renaming);
        return void (state.misdeeds.forgetsRename ? control.destroy() : say('250 renamed'));
      case 'QUIT':
        return void control.end('221 bye\r\n');
      default:
        return void say('200 as you like');
    }
  };
}
