import { z } from 'zod';
import { Line, Port, serverName } from '../common/serverKeys.ts';
import { CaBundle, Insecure } from '../trust/tls.ts';

/** How the control connection and the data connections are encrypted: after `AUTH TLS`, from the first byte, or not. */
export type FtpTls = 'explicit' | 'implicit' | 'none';

export interface FtpSettings {
  host: string;
  port: number;
  username: string;
  password: string;
  /** As the server understands it: absolute, or from where a login begins. */
  directory: string;
  tls: FtpTls;
  caBundle?: string | undefined;
  insecure?: boolean | undefined;
}

const Keys = z.strictObject({
  host: serverName('ftp'),
  port: Port.optional(),
  username: Line,
  password: Line,
  directory: Line.optional(),
  tls: z.enum(['explicit', 'implicit'], { error: 'takes explicit or implicit' }).optional(),
  caBundle: CaBundle.optional(),
  insecure: Insecure.optional(),
});

/** @returns the settings of a Secret of the kind. `ftp` speaks TLS as well where it is told to. */
const settingsOf = (kind: 'ftp' | 'ftps'): z.ZodType<FtpSettings> =>
  Keys.refine(keys => kind === 'ftps' || keys.tls || !(keys.caBundle || keys.insecure), {
    error: 'belongs to TLS: use the kind ftps',
    path: ['caBundle'],
  }).transform(
    ({ port, directory = '.', tls = kind === 'ftps' ? 'explicit' : undefined, ...keys }) => ({
      ...keys,
      port: port ?? (tls === 'implicit' ? 990 : 21),
      directory: directory.replace(/(.)\/+$/, '$1'),
      tls: tls ?? 'none',
    })
  );

export const FtpKeys = settingsOf('ftp');
export const FtpsKeys = settingsOf('ftps');

/** For people and for lftp: where it is. */
export function locationOf({ host, port, username, directory, tls }: FtpSettings): string {
  const scheme = tls === 'implicit' ? 'ftps' : 'ftp';
  const at = host.includes(':') ? `[${host}]` : host;
  const how = tls === 'explicit' ? ' with TLS' : '';
  return `${scheme}://${encodeURIComponent(username)}@${at}:${port}${pathOf(directory)}${how}`;
}

/** In a URL, `//` begins a path at the top of the server, and `/` one from where a login begins. */
const pathOf = (directory: string): string => (directory === '.' ? '/' : `/${directory}`);
