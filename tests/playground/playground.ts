import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { Lists } from './api/list.ts';
import { ApiServer } from './api/server.ts';
import { SERVICE_NAME_LABEL } from './api/serviceBackend.ts';
import { Rbac } from './auth/rbac.ts';
import { Reviews } from './auth/reviews.ts';
import { Tokens } from './auth/tokens.ts';
import { authenticated, MASTERS, type User } from './auth/user.ts';
import { EventRecorder } from './controllers/events.ts';
import { startControllers } from './controllers/start.ts';
import { createFirstObjects } from './firstObjects.ts';
import { kubeconfig } from './kubeconfig.ts';
import { Kubelet } from './kubelet/kubelet.ts';
import { Processes } from './kubelet/processes.ts';
import { containerPath } from './kubelet/tools.ts';
import { Volumes } from './kubelet/volumes.ts';
import { startWatchdog } from './kubelet/watchdog.ts';
import { Objects } from './objects/objects.ts';
import { kindNamed, kindOfObject } from './store/kinds.ts';
import type { Claim, Draft, KubeObject, Volume } from './store/object.ts';
import { Store } from './store/store.ts';

export interface PlaygroundOptions {
  /** Port of the API server on 127.0.0.1; 0 takes a free one. */
  port?: number;
  /** Where the playground makes its own directory; the system's directory for temporary files when left out. */
  root?: string;
  /** Which images there are, matched against full names such as `docker.io/library/busybox:latest`. */
  images?: RegExp;
  nodes?: string[];
  /** How many changes of each kind are remembered; a watch cannot begin before them. */
  historyLimit?: number;
}

export interface Playground {
  /** Of the API server. */
  url: string;
  /**
   * Writes a kubeconfig. `admin` may do everything; others may do what Role and Binding objects say, as users of that
   * name, or as ServiceAccounts (`system:serviceaccount:NAMESPACE:NAME`).
   * @returns its path.
   */
  kubeconfigFor(user: string, groups?: readonly string[]): string;
  /** Opens a port on which every request is one of that user, as with `kubectl proxy`. @returns its URL. */
  proxyAs(user: string, groups?: readonly string[]): Promise<string>;
  /** Creates or changes objects: YAML of one or more, or the objects. @throws Failure as the API server would. */
  apply(manifests: string | readonly Draft[]): KubeObject[];
  /** @returns the directory of a claim's volume. @throws Error when the claim is not bound. */
  volumePath(namespace: string, claim: string): string;
  /** Says that a port of a Service without selector is served on this machine. The Service is made where it is missing. */
  setServiceBackend(namespace: string, service: string, portName: string, port: number): void;
  /** Forgets what has happened: a watch from before gets 410 Gone. */
  forgetHistory(): void;
  /** How many reviews of tokens and rights it has answered. */
  reviews(): number;
  /** Ends all processes and connections and removes all files. */
  stop(): Promise<void>;
}

const IMAGES = /^docker\.io\/(nkvm|library)\//;
const HISTORY = 2_000;

/**
 * Starts the playground: a small Kubernetes in this process. See README.md for what it does and what it does not do.
 * @throws Error of one line when the port is taken, or the machine lacks GNU tar.
 */
export async function startPlayground(options: PlaygroundOptions = {}): Promise<Playground> {
  const {
    port = 0,
    images = IMAGES,
    nodes = ['node-a', 'node-b'],
    historyLimit = HISTORY,
  } = options;
  const now = () => new Date();
  // Programs get the paths of their directories: no name in them may be a link.
  const root = realpathSync(mkdtempSync(join(options.root ?? tmpdir(), 'playground-')));
  const groups = join(root, 'groups');
  const endWatchdog = startWatchdog(groups, root);

  try {
    const store = new Store(historyLimit);
    const objects = new Objects(store, now);
    const events = new EventRecorder(objects, now);
    const tokens = new Tokens(store, now);
    const rbac = new Rbac(store);
    const volumes = new Volumes(root, store);
    const processes = new Processes(groups);
    const path = containerPath(join(root, 'bin'));
    const nodeAgent = new Kubelet({ objects, events, processes, volumes, images, path, now });
    const stopControllers = startControllers(objects, events, volumes, now);
    createFirstObjects(objects, nodes, now);

    const stopping = new AbortController();
    const reviews = new Reviews(store, tokens, rbac);
    const lists = new Lists(store);
    const context = { objects, lists, reviews, nodes: nodeAgent, now, stopping: stopping.signal };
    const server = new ApiServer(context, tokens, rbac);
    const url = await server.listen(port);
    const kubeconfigs = join(root, 'kubeconfigs');
    mkdirSync(kubeconfigs);

    return {
      url,
      kubeconfigFor(user, given) {
        const token = tokens.fixedFor(userNamed(user, given));
        const file = join(kubeconfigs, `${user.replace(/[^\w.-]/g, '_')}.kubeconfig`);
        writeFileSync(file, kubeconfig(url, user, token), { mode: 0o600 });
        return file;
      },
      proxyAs: (user, given) => server.listen(0, userNamed(user, given)),
      apply: manifests => draftsOf(manifests).map(draft => applyOne(objects, draft)),
      volumePath(namespace, name) {
        const claim = store.get<Claim>(kindNamed('persistentvolumeclaims'), namespace, name);
        const bound = store.get<Volume>(
          kindNamed('persistentvolumes'),
          undefined,
          claim?.spec.volumeName ?? ''
        );
        if (!bound) throw new Error(`claim ${namespace}/${name} is not bound`);
        return volumes.directoryOf(bound);
      },
      setServiceBackend(namespace, service, portName, backendPort) {
        serveLocally(objects, namespace, service, portName, backendPort);
      },
      forgetHistory: () => store.forget(),
      reviews: () => reviews.answered,
      async stop() {
        stopping.abort();
        stopControllers();
        await server.close();
        await nodeAgent.stop();
        await endWatchdog();
      },
    };
  } catch (error) {
    await endWatchdog();
    throw error;
  }
}

const userNamed = (name: string, groups: readonly string[] = []): User =>
  authenticated(name, name === 'admin' ? [MASTERS, ...groups] : groups);

const draftsOf = (manifests: string | readonly Draft[]): readonly Draft[] =>
  typeof manifests === 'string'
    ? parseAllDocuments(manifests)
        .map(document => document.toJS() as Draft | null)
        .filter(draft => draft !== null)
    : manifests;

function applyOne(objects: Objects, draft: Draft): KubeObject {
  const kind = kindOfObject(draft.apiVersion ?? '', draft.kind ?? '');
  if (!kind) throw new Error(`${draft.apiVersion} ${draft.kind} is not a kind of the playground`);
  const { name = '', namespace = 'default' } = draft.metadata ?? {};
  return objects.apply(kind, kind.namespaced ? namespace : undefined, name, draft);
}

function serveLocally(
  objects: Objects,
  namespace: string,
  service: string,
  portName: string,
  port: number
): void {
  if (!objects.store.get(kindNamed('services'), namespace, service)) {
    applyOne(objects, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: service, namespace },
      spec: { ports: [{ name: portName, port: 80 }] },
    });
  }
  const slices = kindNamed('endpointslices.discovery.k8s.io');
  const name = `${service}-playground`;
  if (objects.store.get(slices, namespace, name)) objects.remove(slices, namespace, name);
  objects.create(slices, namespace, {
    metadata: { name, labels: { [SERVICE_NAME_LABEL]: service } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
    ports: [{ name: portName, port, protocol: 'TCP' }],
  });
}
