import { z } from 'zod';
import { textOf } from '../../errors.ts';
import { Line, Port, serverName } from '../common/serverKeys.ts';
import { parseKnownHosts } from '../ssh/knownHosts.ts';

/** A module of an rsync daemon. */
export interface RsyncDaemon {
  way: 'daemon';
  module: string;
  username?: string | undefined;
  password?: string | undefined;
}

/** rsync on a server that is reached by SSH. */
export interface RsyncSsh {
  way: 'ssh';
  username: string;
  privateKey: string;
  /** Lines of `known_hosts`, or fingerprints. Empty: no key is known yet. */
  knownHosts: string;
  insecure: boolean;
}

export type RsyncSettings = {
  host: string;
  port: number;
  /** In the module, or on the server; `.` is the module itself, or where a login begins. */
  directory: string;
} & (RsyncDaemon | RsyncSsh);

const NAME = /^(?!-)[^\s@:/"'\\]+$/;

function readable(text: string, context: z.RefinementCtx): void {
  try {
    parseKnownHosts(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: textOf(error) });
  }
}

const Keys = z.strictObject({
  host: serverName('rsync'),
  port: Port.optional(),
  module: Line.refine(text => NAME.test(text), { error: 'takes the name of a module' }).optional(),
  directory: Line.refine(text => !text.split('/').includes('..'), {
    error: 'must not have ".." in it',
  })
    .refine(text => !/^[-~]|["'\\*?[\]]/.test(text), {
      error: 'must not begin with - or ~, nor have quotes, backslashes or wildcards in it',
    })
    .optional(),
  username: Line.refine(text => NAME.test(text), { error: 'takes the name of a user' }).optional(),
  password: Line.optional(),
  privateKey: z
    .string()
    .regex(/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'takes a private key as ssh-keygen writes it')
    .transform(text => `${text.replace(/\r/g, '').trim()}\n`)
    .optional(),
  knownHosts: z.string().superRefine(readable).optional(),
  insecure: z
    .enum(['true', 'false'], { error: 'takes true or false' })
    .transform(text => text === 'true')
    .optional(),
});

export const RsyncKeys: z.ZodType<RsyncSettings> = Keys.transform((keys, context) => {
  const wrong = (key: string, message: string) => {
    context.addIssue({ code: 'custom', path: [key], message });
    return z.NEVER;
  };
  const { host, module, username, password, privateKey, knownHosts = '', insecure = false } = keys;
  const directory = (keys.directory ?? '.').replace(/(.)\/+$/, '$1');
  if (module !== undefined) {
    if (privateKey !== undefined || keys.knownHosts !== undefined || insecure)
      return wrong(
        'module',
        'belongs to an rsync daemon; privateKey, knownHosts and insecure to SSH'
      );
    if ((username === undefined) !== (password === undefined))
      return wrong(username ? 'password' : 'username', 'is needed as well');
    const inModule = directory.replace(/^\/+/, '') || '.';
    return {
      way: 'daemon',
      host,
      port: keys.port ?? 873,
      directory: inModule,
      module,
      username,
      password,
    };
  }
  if (password !== undefined)
    return wrong('password', 'belongs to an rsync daemon (module); over SSH, give a privateKey');
  if (username === undefined) return wrong('username', 'is needed');
  if (privateKey === undefined)
    return wrong('privateKey', 'is needed, or a module of an rsync daemon');
  return {
    way: 'ssh',
    host,
    port: keys.port ?? 22,
    directory,
    username,
    privateKey,
    knownHosts,
    insecure,
  };
});

/** For people and for rsync: where it is. */
export function locationOf(settings: RsyncSettings): string {
  const { host, port, directory } = settings;
  const at = host.includes(':') ? `[${host}]` : host;
  if (settings.way === 'daemon') {
    const user = settings.username ? `${settings.username}@` : '';
    const path = directory === '.' ? '' : `/${directory}`;
    return `rsync://${user}${at}:${port}/${settings.module}${path}`;
  }
  return `${settings.username}@${at}:${directory}${port === 22 ? '' : ` (port ${port})`}`;
}
