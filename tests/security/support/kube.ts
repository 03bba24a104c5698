import { TOKEN_AUDIENCE } from '../../../sidecar/api/names.ts';

/** A ServiceAccount. */
export interface Account {
  namespace: string;
  name: string;
}

/** What the API server has, as JSON. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

/** The API server, through a port that needs no token. Every call throws an Error with the answer that was not 2xx. */
export interface Kube {
  readonly url: string;
  get(path: string): Promise<Json>;
  /** @returns undefined for 404. */
  find(path: string): Promise<Json>;
  create(path: string, object: object): Promise<Json>;
  patch(path: string, patch: object): Promise<Json>;
  /** Deletes what may be gone already. */
  remove(path: string): Promise<void>;
  /** Makes a ServiceAccount. */
  account(account: Account): Promise<void>;
  /** Binds a ClusterRole in one namespace to a ServiceAccount. @returns the path of the binding */
  bind(namespace: string, role: string, account: Account): Promise<string>;
  /** @returns a token of the ServiceAccount. @param audiences default: NKVM; none: the API server */
  token(account: Account, audiences?: readonly string[]): Promise<string>;
}

export function kubeAt(url: string): Kube {
  const ask = async (
    method: string,
    path: string,
    body?: object,
    type = 'application/json'
  ): Promise<Response> =>
    await fetch(url + path, {
      method,
      ...(body && {
        headers: { 'content-type': type },
        body: JSON.stringify(body),
      }),
    });
  const json = async (answer: Response): Promise<Json> => {
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  const kube: Kube = {
    url,
    get: async path => await json(await ask('GET', path)),
    async find(path) {
      const answer = await ask('GET', path);
      if (answer.status !== 404) return await json(answer);
      await answer.body?.cancel();
      return undefined;
    },
    create: async (path, object) => await json(await ask('POST', path, object)),
    patch: async (path, patch) =>
      await json(await ask('PATCH', path, patch, 'application/merge-patch+json')),
    async remove(path) {
      const answer = await ask('DELETE', path);
      if (answer.status === 404) return void (await answer.body?.cancel());
      await json(answer);
    },
    async account({ namespace, name }) {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
      await kube.create(path, { metadata: { name } });
    },
    async bind(namespace, role, account) {
      const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`;
      const name = `${role}-${account.name}`;
      await kube.create(path, {
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'ServiceAccount', ...account }],
      });
      return `${path}/${name}`;
    },
    async token({ namespace, name }, audiences = [TOKEN_AUDIENCE]) {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const { status } = await kube.create(path, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { audiences, expirationSeconds: 3600 },
      });
      return status.token;
    },
  };
  return kube;
}
