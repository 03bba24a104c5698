import { once } from 'node:events';
import http from 'node:http';

/** Answers while the service may not begin yet: alive for the kubelet, not ready for anybody else. */
export interface WaitingDoor {
  /** Says why it is not ready. */
  say(why: string): void;
  close(): Promise<void>;
}

export async function openWaitingDoor(address: {
  host: string;
  port: number;
}): Promise<WaitingDoor> {
  let message = 'NKVM starts';
  const server = http.createServer((request, reply) => {
    if (request.url === '/healthz') {
      reply.end('ok');
      return;
    }
    reply.writeHead(503, { 'content-type': 'application/problem+json' });
    reply.end(JSON.stringify({ title: 'Service Unavailable', status: 503, message }));
  });
  server.listen(address);
  await once(server, 'listening');
  return {
    say: why => (message = why),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
