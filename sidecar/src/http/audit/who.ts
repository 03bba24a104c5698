import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { AuditActor, AuditSource } from '../../../api/index.ts';
import type { Subject } from '../../cluster/gateway/access.ts';

/** Groups of Kubernetes itself say nothing that the name does not, and OIDC can bring hundreds. */
const MOST_GROUPS = 16;
const LONGEST = 253;

export const NO_ACTOR: AuditActor = {
  ...{ kind: 'unknown', name: null, uid: null, groups: [], credential: null },
};

/** Two long texts that begin alike stay two. */
const shortened = (text: string): string => {
  if (text.length <= LONGEST) return text;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${text.slice(0, LONGEST - 17)}…${digest}`;
};

/** @returns the owner of a token as an entry has it. */
export function actorOf({ username, uid, groups, extra, cluster }: Subject): AuditActor {
  const credential = extra['authentication.kubernetes.io/credential-id']?.[0];
  return {
    kind: username.startsWith('system:serviceaccount:') ? 'serviceAccount' : 'user',
    name: shortened(username),
    uid: uid === undefined ? null : shortened(uid),
    groups: groups.slice(0, MOST_GROUPS).map(shortened),
    credential: credential === undefined ? null : shortened(credential),
    // The same name can be somebody else there.
    ...(cluster !== undefined && { cluster }),
  };
}

/**
 * @param peer address of the other end of the connection
 * @param forwarded X-Forwarded-For: through the service proxy the API server adds the address of its own client last. All
 *   before that, and all of it where the peer is not the API server, is what a client says of itself.
 */
export function sourceOf(peer: string | undefined, forwarded: unknown): AuditSource {
  const last =
    String(forwarded ?? '')
      .split(',')
      .at(-1)
      ?.trim() ?? '';
  return { peer: addressOf(peer ?? ''), client: addressOf(last) };
}

const addressOf = (text: string): string | null => {
  const address = text.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
  return isIP(address) === 0 ? null : address;
};
