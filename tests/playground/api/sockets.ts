import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Rbac } from '../auth/rbac.ts';
import type { User } from '../auth/user.ts';
import { forbidden, resourceNotFound } from '../store/failure.ts';
import { kindNamed } from '../store/kinds.ts';
import type { Pod } from '../store/object.ts';
import { offeredProtocols } from './access.ts';
import type { RouteContext } from './call.ts';
import { connectExec, EXEC_PROTOCOLS, PlainRefusal, prepareExec } from './exec.ts';
import { openLog } from './log.ts';
import { attributesOf, type ResourceRequest } from './requestInfo.ts';
import { findKind } from './servedKinds.ts';
import { type Sink, watch } from './watch.ts';

const PODS = kindNamed('pods');

/** An upgrade that is authenticated and authorized. */
export interface SocketCall {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  url: URL;
  info: ResourceRequest;
  user: User;
}

/** Answers requests over WebSocket: exec, logs and watches. */
export class Sockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (_, request) => preferred(request) ?? false,
  });
  readonly #context: RouteContext;
  readonly #rbac: Rbac;

  constructor(context: RouteContext, rbac: Rbac) {
    this.#context = context;
    this.#rbac = rbac;
  }

  /** @throws Failure or PlainRefusal while the request can still be refused with a status. */
  answer(call: SocketCall): void {
    const { resource, subresource } = call.info;
    const kind = findKind(this.#context.objects.store, call.info);
    if (!kind) throw resourceNotFound();
    if (resource === 'pods' && subresource === 'exec') return this.#exec(call);
    if (resource === 'pods' && subresource === 'log') return this.#log(call);
    if (call.info.verb !== 'watch') throw resourceNotFound();
    // A browser's WebSocket has an origin; golang.org/x/net/websocket does not take any other.
    if (!call.request.headers.origin) throw new PlainRefusal(403, '');
    const { objects, stopping } = this.#context;
    const { namespace } = call.info;
    const sink = () => messages(this.#upgrade(call));
    watch(objects.store, kind, namespace, call.url.searchParams, sink, stopping);
  }

  /** Ends every open connection. */
  close(): void {
    for (const client of this.#server.clients) client.terminate();
  }

  #exec(call: SocketCall): void {
    const { info, user, url } = call;
    const { namespace, name = '' } = info;
    // Who may only `get` could run commands otherwise (AuthorizePodWebsocketUpgradeCreatePermission).
    if (!this.#rbac.allows(user, { ...attributesOf(info), verb: 'create' })) {
      throw forbidden(PODS, name, '');
    }
    const pod = this.#context.objects.get<Pod>(PODS, namespace, name);
    if (!EXEC_PROTOCOLS.includes(preferred(call.request) ?? '')) throw new PlainRefusal(403, '');
    const exec = prepareExec(this.#context.nodes, pod, url.searchParams);
    const socket = this.#upgrade(call);
    connectExec(socket, exec).catch(() => socket.terminate());
  }

  #log(call: SocketCall): void {
    const { objects, nodes, now, stopping } = this.#context;
    const { namespace, name = '' } = call.info;
    const pod = objects.get<Pod>(PODS, namespace, name);
    const gone = new AbortController();
    const signal = AbortSignal.any([stopping, gone.signal]);
    const log = openLog(nodes, pod, call.url.searchParams, signal, now());
    const isText = preferred(call.request)?.startsWith('base64.');
    const socket = this.#upgrade(call);
    socket.on('close', () => gone.abort());
    copyLines(log, socket, isText ? 'base64' : undefined).catch(() => socket.terminate());
  }

  /** @throws PlainRefusal when the client's headers are not those of a WebSocket. */
  #upgrade({ request, socket, head }: SocketCall): WebSocket {
    const opened: WebSocket[] = [];
    this.#server.handleUpgrade(request, socket, head, each => opened.push(each)); // calls back at once
    const [webSocket] = opened;
    if (!webSocket) throw new PlainRefusal(400, 'not a WebSocket');
    webSocket.on('error', () => webSocket.terminate());
    return webSocket;
  }
}

/** The events of a watch as messages. */
const messages = (socket: WebSocket): Sink => ({
  send: event => socket.send(JSON.stringify(event)),
  end: () => socket.close(1000),
  onClose: listener => void socket.on('close', listener),
});

async function copyLines(
  log: AsyncIterable<string>,
  socket: WebSocket,
  encoding: 'base64' | undefined
): Promise<void> {
  for await (const line of log) {
    const bytes = Buffer.from(line);
    socket.send(encoding ? bytes.toString(encoding) : bytes);
  }
  socket.close(1000);
}

/** The subprotocol that the answer names: the best one for exec, else the first that the client offers. */
function preferred(request: IncomingMessage): string | undefined {
  const offered = offeredProtocols(request.headers);
  return EXEC_PROTOCOLS.find(each => offered.includes(each)) ?? offered[0];
}
