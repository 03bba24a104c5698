import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { until } from '../cluster/support/until.ts';
import { Client, Refused } from './client.ts';
import type { ContractCluster } from './cluster.ts';

/** Any object of Kubernetes. */
export type Any = any;

const POD_MS = 60_000;

/** How a command in a container ended. */
export interface ExecResult {
  stdout: string;
  stderr: string;
  /** The object that came over the status channel. */
  status: Any;
  code: number;
}

/** A cluster with what behaviours have in common: short ways to make things, and to wait for them. */
export class World {
  readonly cluster: ContractCluster;
  readonly client: Client;
  readonly namespace: string;
  /** Path of the namespace. */
  readonly here: string;
  readonly #shell: { pod?: Promise<string> } = {};

  constructor(cluster: ContractCluster) {
    this.cluster = cluster;
    this.client = new Client(cluster.kubeconfig);
    this.namespace = cluster.namespace;
    this.here = `/api/v1/namespaces/${cluster.namespace}`;
  }

  /** @returns a name that is used once. */
  name(beginning: string): string {
    return `${beginning}-${randomBytes(4).toString('hex')}`;
  }

  /** @param resource path behind the namespace's, e.g. `configmaps`. @returns the object. @throws Error unless it is made. */
  async create(resource: string, object: Any): Promise<Any> {
    const { status, json } = await this.client.post(`${this.here}/${resource}`, object);
    if (status !== 201) throw new Error(`${resource}: ${json.message}`);
    return json;
  }

  /** @param path of the API, e.g. `/apis/apps/v1`. */
  in(path: string): string {
    return `${path}/namespaces/${this.namespace}`;
  }

  async configMap(fields: Any = {}): Promise<Any> {
    const { metadata, ...rest } = fields;
    return this.create('configmaps', {
      metadata: { name: this.name('map'), ...metadata },
      ...rest,
    });
  }

  /** A pod of one container called `main`, with an empty directory at `/work`. */
  async pod(container: Any, spec: Any = {}, metadata: Any = {}): Promise<Any> {
    const { volumeMounts = [], ...fields } = container;
    const { volumes = [], ...rest } = spec;
    return this.create('pods', {
      metadata: { name: this.name('pod'), ...metadata },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        automountServiceAccountToken: false,
        containers: [
          {
            name: 'main',
            image: this.cluster.image,
            imagePullPolicy: 'IfNotPresent',
            volumeMounts: [{ name: 'work', mountPath: '/work' }, ...volumeMounts],
            ...fields,
          },
        ],
        volumes: [{ name: 'work', emptyDir: {} }, ...volumes],
        ...rest,
      },
    });
  }

  /** A pod that does nothing until it is asked to end. */
  idlePod(spec: Any = {}, container: Any = {}, metadata: Any = {}): Promise<Any> {
    return this.pod({ command: ['sh', '-c', IDLE], ...container }, spec, metadata);
  }

  /** @returns the name of a running pod that all behaviours may run commands in. */
  shell(): Promise<string> {
    return (this.#shell.pod ??= this.idlePod().then(async ({ metadata }) => {
      await this.podIn(metadata.name, 'Running');
      return metadata.name;
    }));
  }

  /** Waits for a phase. @returns the pod. */
  podIn(name: string, phase: string): Promise<Any> {
    return this.podWhere(`${name} is ${phase}`, name, pod => pod.status.phase === phase);
  }

  podWhere(what: string, name: string, is: (pod: Any) => unknown): Promise<Any> {
    return this.where(`pod ${what}`, `${this.here}/pods/${name}`, is);
  }

  /** Waits until an object is as it should be. @returns the object. */
  where(what: string, path: string, is: (object: Any) => unknown): Promise<Any> {
    return until(
      what,
      async () => {
        const { json } = await this.client.get(path);
        if (is(json)) return json;
        throw new Error(JSON.stringify(json.status ?? json).slice(0, 600));
      },
      POD_MS,
      50
    );
  }

  /** Waits until there is nothing at that path. */
  async gone(path: string): Promise<void> {
    await until(
      `${path} is gone`,
      async () => (await this.client.get(path)).status === 404,
      POD_MS,
      50
    );
  }

  /** Waits until a pod runs and has set its traps: a signal before would end it in another way. */
  async ready(name: string): Promise<Any> {
    const pod = await this.podIn(name, 'Running');
    const log = `${this.here}/pods/${name}/log`;
    await until(
      'ready',
      async () => (await this.client.get(log)).text.includes('ready'),
      POD_MS,
      50
    );
    return pod;
  }

  /** Waits for an Event about an object. @returns its message. */
  async event(about: Any, reason: string): Promise<string> {
    const selector = `involvedObject.uid=${about.metadata.uid},reason=${reason}`;
    const path = `${this.here}/events?fieldSelector=${encodeURIComponent(selector)}`;
    const list = await this.where(`event ${reason}`, path, ({ items }) => items.length > 0);
    return list.items[0].message;
  }

  /** @returns path and query of an exec. */
  execPath(pod: string, command: readonly string[], query: Record<string, string> = {}): string {
    const words = command.map((word): [string, string] => ['command', word]);
    const streams = { container: 'main', stdout: 'true', stderr: 'true', ...query };
    const search = new URLSearchParams([...Object.entries(streams), ...words]);
    return `${this.here}/pods/${pod}/exec?${search}`;
  }

  /** Runs a command to its end. @throws Refused */
  async exec(
    pod: string,
    command: readonly string[],
    { protocol = V5, stdin }: { protocol?: string; stdin?: string } = {}
  ): Promise<ExecResult> {
    const path = this.execPath(pod, command, stdin === undefined ? {} : { stdin: 'true' });
    const channels: Buffer[][] = [[], [], [], []];
    const { socket, closed } = await this.client.connect(
      path,
      [protocol],
      data => void channels[data[0]!]?.push(data.subarray(1))
    );
    if (stdin !== undefined) {
      socket.send(Buffer.concat([Buffer.from([0]), Buffer.from(stdin)]));
      socket.send(Buffer.from([255, 0]));
    }
    const code = await closed;
    const [, stdout, stderr, status] = channels.map(chunks =>
      Buffer.concat(chunks).toString('utf8')
    );
    return { stdout: stdout!, stderr: stderr!, status: JSON.parse(status!), code };
  }

  /** @returns a token of a new ServiceAccount, and its user name. */
  async account(
    audiences?: string[]
  ): Promise<{ name: string; user: string; token: string; uid: string }> {
    const { metadata } = await this.create('serviceaccounts', {
      metadata: { name: this.name('account') },
    });
    const { json } = await this.client.post(`${this.here}/serviceaccounts/${metadata.name}/token`, {
      spec: { ...(audiences && { audiences }), expirationSeconds: 600 },
    });
    const user = `system:serviceaccount:${this.namespace}:${metadata.name}`;
    return { name: metadata.name, user, token: json.status.token, uid: metadata.uid };
  }

  /** Gives an account of the namespace rights in it. */
  async grant(account: string, rules: Any[]): Promise<void> {
    const rbac = `${this.in('/apis/rbac.authorization.k8s.io/v1')}`;
    const name = this.name('role');
    await this.client.post(`${rbac}/roles`, { metadata: { name }, rules });
    await this.client.post(`${rbac}/rolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: this.namespace }],
    });
  }

  /**
   * Watches.
   * @param isEnough the watch is ended after this event; else when the server ends it.
   */
  async watch(path: string, isEnough: (event: Any) => unknown = () => false): Promise<Any[]> {
    const { body, status } = await this.client.open('GET', path);
    if (status !== 200) throw new Refused(status, '');
    const events: Any[] = [];
    for await (const line of createInterface(body)) {
      const event = JSON.parse(line);
      events.push(event);
      if (isEnough(event)) break;
    }
    body.destroy();
    return events;
  }
}

export const V5 = 'v5.channel.k8s.io';
export const V4 = 'v4.channel.k8s.io';

/** As process 1 of a container, a plain `sleep` would ignore the signal to end. */
export const IDLE = 'trap "exit 0" TERM; echo ready; while :; do sleep 3600 & wait $!; done';
