import type { Place } from '../places.ts';

/** Takes the addresses of destinations out of a text for people. */
export type HidePlaces = (text: string) => string;

/**
 * Texts about a failure say which host, port and path it was. Where destinations are is for people with a right to see them;
 * all others know the name of a destination, which every such text has, too.
 * @param places those that there are now
 */
export function hidePlaces(places: readonly Pick<Place, 'name' | 'location'>[]): HidePlaces {
  const patterns = [...new Set(places.flatMap(({ location }) => patternsOf(location)))];
  if (patterns.length === 0) return text => text;
  // The longest come first: an address has its host in it.
  patterns.sort((one, other) => other.length - one.length);
  const all = new RegExp(`(?<![\\w.-])(?:${patterns.join('|')})(?![\\w-])`, 'g');
  return text => text.replace(all, '…');
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** @param location as its kind writes it, e.g. `sftp://backup@nas.example.com:22/archives`; a directory has no address */
function patternsOf(location: string): string[] {
  const [first = ''] = location.split(' ');
  const bucket = /^s3:\/\/([^/]+)/.exec(first)?.[1];
  const servers = location
    .split(' ')
    .flatMap(word => serverIn(word) ?? [])
    .filter(server => server !== bucket);
  const isAddress = bucket !== undefined || servers.length > 0;
  return [
    ...(isAddress ? [escaped(first.replace(/\/+$/, ''))] : []),
    ...servers.flatMap(patternsOfServer),
    ...(bucket
      ? [`(?<=bucket )${escaped(bucket)}`, `${escaped(bucket)}\\.[\\w.-]+(?::\\d+)?`]
      : []),
  ];
}

/** @returns host and port in a URL, or in `user@host:directory` */
function serverIn(word: string): string | undefined {
  const authority = /^[a-z0-9+:]+:\/\/([^/]+)/i.exec(word)?.[1];
  if (authority) return authority.replace(/^.*@/, '');
  return /^[^/@]+@(\[[^\]]+\]|[^:/]+):/.exec(word)?.[1];
}

function patternsOfServer(server: string): string[] {
  const host = server.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const at = escaped(host);
  const withPort = `\\[?${at}\\]?:\\d+`;
  // A name without a dot may be any word of the text, such as `backup`.
  const alone = /[.:]/.test(host)
    ? `(?:[\\w-]+\\.)*${at}`
    : `(?<=\\b(?:host|at|for|of|server) )${at}`;
  return [`(?:${withPort}|${alone})`];
}
