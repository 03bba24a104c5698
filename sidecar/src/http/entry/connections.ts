import type { Socket } from 'node:net';

/**
 * How many connections may be open at once. Those of the service proxy all come from the API server, so one address may have many;
 * a pod that opens too many by itself leaves room for others.
 */
const CONNECTION_LIMITS = { eachPeer: 1_500, total: 4_000 };

/** @returns what counts a new connection; false: there are too many. */
export function connectionPlaces({ eachPeer, total } = CONNECTION_LIMITS) {
  const ofPeers = new Map<string, number>();
  let open = 0;
  return (socket: Pick<Socket, 'remoteAddress' | 'once'>): boolean => {
    const peer = socket.remoteAddress ?? '';
    const ofPeer = ofPeers.get(peer) ?? 0;
    if (open >= total || ofPeer >= eachPeer) return false;
    open += 1;
    ofPeers.set(peer, ofPeer + 1);
    socket.once('close', () => {
      open -= 1;
      const left = (ofPeers.get(peer) ?? 1) - 1;
      if (left > 0) ofPeers.set(peer, left);
      else ofPeers.delete(peer);
    });
    return true;
  };
}
