import { isIP } from 'node:net';
import { z } from 'zod';

/** A value that becomes an argument of a command. An end of line at its end comes from the editor that wrote it. */
export const Line = z
  .string()
  .transform(text => text.replace(/[\r\n]+$/, ''))
  .pipe(
    z
      .string()
      .min(1)
      .max(1024)
      .regex(/^\P{Cc}*$/u, 'takes one line of text')
  );

/** The key `host` of a Secret, for addresses that people know as `scheme`://…; returned without the brackets of IPv6. */
export const serverName = (scheme: string) =>
  Line.refine(text => isIP(withoutBrackets(text)) !== 0 || /^(?!-)[\w.-]+$/.test(text), {
    error: `takes the name or the address of a server, without ${scheme}:// and without a port`,
  }).transform(withoutBrackets);

/** The key `port` of a Secret. */
export const Port = Line.refine(
  text => /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536,
  { error: 'takes a number from 1 to 65535' }
).transform(Number);

const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
