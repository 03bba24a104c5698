import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { kubeconfigText } from './kubeconfigText.ts';
import { testCertificate } from './testCertificates.ts';

/** The few paths of an API server that a look at a cluster asks, over TLS on 127.0.0.1. */
export interface RemoteApiServer {
  /** May be changed. */
  uid: string;
  token: string;
  /** Reviews that it answers with no: `VERB RESOURCE`. */
  denied: string[];
  /** Paths that were asked. */
  readonly asked: string[];
  /** A kubeconfig that it accepts. */
  kubeconfig(): string;
  close(): Promise<void>;
}

export async function remoteApiServer(uid: string): Promise<RemoteApiServer> {
  const made = await testCertificate({ subjects: 'IP:127.0.0.1' });
  await made.remove();
  const { certificate, key } = made;
  const asked: string[] = [];
  const answer = async (request: IncomingMessage): Promise<[number, unknown]> => {
    if (request.headers.authorization !== `Bearer ${remote.token}`)
      return [401, { kind: 'Status', status: 'Failure', message: 'Unauthorized', code: 401 }];
    const path = request.url ?? '';
    if (path === '/version') return [200, { gitVersion: 'v1.36.3' }];
    if (path.startsWith('/api/v1/namespaces?'))
      return [200, { items: [{ metadata: { name: 'kube-system', uid: remote.uid } }] }];
    if (path.endsWith('/selfsubjectaccessreviews')) {
      const { spec } = (await json(request)) as {
        spec: { resourceAttributes: { verb: string; resource: string } };
      };
      const { verb, resource } = spec.resourceAttributes;
      return [201, { status: { allowed: !remote.denied.includes(`${verb} ${resource}`) } }];
    }
    return [404, {}];
  };
  const server = https.createServer({ cert: certificate, key }, async (request, response) => {
    asked.push(request.url ?? '');
    const [status, body] = await answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const remote: RemoteApiServer = {
    ...{ uid, asked, token: 'a-token-of-the-test', denied: ['list secrets'] },
    kubeconfig: () =>
      kubeconfigText({
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority-data': Buffer.from(certificate).toString('base64'),
        },
        user: { token: remote.token },
      }),
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return remote;
}
