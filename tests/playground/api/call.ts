import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reviews } from '../auth/reviews.ts';
import type { User } from '../auth/user.ts';
import type { Objects } from '../objects/objects.ts';
import type { Lists } from './list.ts';
import type { NodeAgent } from './nodeAgent.ts';

/** What the routes need of the rest of the playground. */
export interface RouteContext {
  objects: Objects;
  lists: Lists;
  reviews: Reviews;
  nodes: NodeAgent;
  now: () => Date;
  /** Ends whatever is open when the server stops. */
  stopping: AbortSignal;
}

/** A request that is authenticated and authorized. */
export interface Call<Info> {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  info: Info;
  user: User;
}

export function sendJson(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

export function sendText(response: ServerResponse, code: number, body: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
}
