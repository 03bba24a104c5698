import { KubeConfig } from '@kubernetes/client-node';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';

export interface RequestOptions {
  /** JSON, unless it is text. */
  body?: unknown;
  headers?: Record<string, string>;
  contentType?: string;
  /** Instead of the kubeconfig's user; empty: nobody. */
  token?: string;
}

/** An open WebSocket. */
export interface Connection {
  socket: WebSocket;
  /** Resolves with the code of the close frame. */
  closed: Promise<number>;
}

/** Called for each message, from the first on. */
export type OnMessage = (data: Buffer, isBinary: boolean) => void;

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON. */
  json: any;
}

/** An answer whose body is still on its way. */
export interface OpenAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: IncomingMessage;
}

/** An upgrade that was answered with something else. */
export class Refused extends Error {
  readonly status: number;
  readonly body: string;
  constructor(status: number, body: string) {
    super(`HTTP ${status}: ${body}`);
    this.status = status;
    this.body = body;
  }
}

const LIMIT_MS = 30_000;

/** The API server without a library in between: the suite compares the bytes of its answers. */
export class Client {
  readonly #kubeConfig = new KubeConfig();
  readonly #server: string;

  constructor(kubeconfig: string) {
    this.#kubeConfig.loadFromFile(kubeconfig);
    this.#server = this.#kubeConfig.getCurrentCluster()!.server.replace(/\/+$/, '');
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const { status, headers, body } = await this.open(method, path, options);
    const received = await text(body);
    return {
      status,
      headers,
      text: received,
      get json() {
        return JSON.parse(received);
      },
    };
  }

  get(path: string, options?: RequestOptions): Promise<Answer> {
    return this.request('GET', path, options);
  }

  post(path: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.request('POST', path, { body, ...options });
  }

  delete(path: string, body?: unknown): Promise<Answer> {
    return this.request('DELETE', path, body === undefined ? {} : { body });
  }

  /** @param contentType the kind of patch, e.g. `merge`. */
  patch(path: string, contentType: string, body: unknown): Promise<Answer> {
    const type = contentType.includes('/') ? contentType : `application/${contentType}-patch+json`;
    return this.request('PATCH', path, { body, contentType: type });
  }

  async open(method: string, path: string, options: RequestOptions = {}): Promise<OpenAnswer> {
    const url = new URL(this.#server + path);
    const { body, contentType = 'application/json', headers = {} } = options;
    const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const { request: send } = url.protocol === 'http:' ? http : https;
    const settings = await this.#settings(options.token);
    return new Promise((resolve, reject) => {
      send(url, {
        ...settings,
        method,
        path: url.pathname + url.search,
        headers: {
          ...settings.headers,
          ...(sent !== undefined && {
            'content-type': contentType,
            'content-length': `${Buffer.byteLength(sent)}`, // Node leaves it out for DELETE
          }),
          ...headers,
        },
        timeout: LIMIT_MS,
      })
        .on('response', answer =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer })
        )
        .on('error', reject)
        .end(sent);
    });
  }

  /**
   * @param onMessage given here and not later, because the first message may come together with the upgrade.
   * @throws Refused when the server answers without an upgrade.
   */
  async connect(
    path: string,
    protocols: string[],
    onMessage: OnMessage = () => undefined,
    { token, headers = {} }: RequestOptions = {}
  ): Promise<Connection> {
    const settings = await this.#settings(token);
    const socket = new WebSocket(this.#server.replace(/^http/, 'ws') + path, protocols, {
      ...settings,
      headers: { ...settings.headers, ...headers },
      perMessageDeflate: false,
      handshakeTimeout: LIMIT_MS,
    });
    const closed = new Promise<number>(resolve => socket.on('close', resolve));
    return new Promise((resolve, reject) => {
      socket
        .on('open', () => resolve({ socket, closed }))
        .on('message', onMessage)
        .on('error', reject)
        .on('unexpected-response', (_, answer) => {
          text(answer)
            .then(body => reject(new Refused(answer.statusCode ?? 0, body)), reject)
            .finally(() => socket.terminate());
        });
    });
  }

  /** Client certificates or tokens, as the kubeconfig has them. */
  async #settings(token: string | undefined): Promise<https.RequestOptions> {
    const settings: https.RequestOptions = {};
    await this.#kubeConfig.applyToHTTPSOptions(settings);
    const { headers = {}, ...rest } = settings;
    delete rest.agent; // with the certificates of its first call, for ever
    if (token === undefined) return { ...rest, headers };
    delete rest.cert;
    delete rest.key;
    return { ...rest, headers: token ? { authorization: `Bearer ${token}` } : {} };
  }
}
