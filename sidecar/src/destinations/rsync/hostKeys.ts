import { fingerprintOf, parseKnownHosts } from '../ssh/knownHosts.ts';

/** The name by which ssh looks for the keys of a server. */
export const aliasOf = ({ host, port }: { host: string; port: number }): string =>
  port === 22 ? host : `[${host}]:${port}`;

/** Whether there is a fingerprint among them, which does not say the key: the server must be asked for its keys first. */
export const hasFingerprints = (knownHosts: string): boolean =>
  parseKnownHosts(knownHosts).some(({ type }) => type === undefined);

/**
 * Writes what a Secret says of host keys as ssh takes it, which knows no fingerprints and no keys without a host.
 * @param shown the keys that the server shows, as `type base64`. One counts only when its fingerprint is in `knownHosts`.
 * @returns the text for a file `known_hosts`; a key that was revoked stays revoked
 */
export function knownHostsFile(
  knownHosts: string,
  server: { host: string; port: number },
  shown: readonly string[]
): string {
  const alias = aliasOf(server);
  const lines = knownHosts.split(/\r?\n/).flatMap(line => {
    const [known] = parseKnownHosts(line);
    if (!known) return [];
    const { hosts, type, fingerprint, isRevoked } = known;
    const marker = isRevoked ? '@revoked ' : '';
    if (type === undefined)
      return shown
        .filter(key => fingerprintIn(key) === fingerprint)
        .map(key => `${marker}${alias} ${key}`);
    const words = line.trim().split(/\s+/);
    const key = words.slice(Number(isRevoked) + (hosts ? 1 : 0)).join(' ');
    if (!hosts) return [`${marker}${alias} ${key}`];
    // A line without the port counts as well, as it does for ssh.
    const isBare = server.port !== 22 && hosts.includes(server.host);
    return [line.trim(), ...(isBare ? [`${marker}${alias} ${key}`] : [])];
  });
  return `${lines.join('\n')}\n`;
}

const fingerprintIn = (key: string): string =>
  fingerprintOf(Buffer.from(key.split(' ')[1] ?? '', 'base64'));
