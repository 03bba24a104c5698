import type { HostileWorld } from './world.ts';

/** A JSON Schema, as far as bodies of requests use it. */
interface Schema {
  type?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  format?: string;
}

interface Operation {
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  security?: object[];
}

/** A route of the OpenAPI document. */
export interface Route {
  /** E.g. `GET /backups/{id}`, below `/api/v1`; `GET /volumes?namespace=` where it is asked for one namespace. */
  name: string;
  /** Optional parts of the query that are left out. */
  without: readonly string[];
  method: string;
  path: string;
  operation: Operation;
  isStream: boolean;
}

/** Named parts of requests: the values of `{id}`, `namespace`, … */
export type Parts = Record<string, unknown>;

const BASE = '/api/v1';

/** @returns every route of the OpenAPI document; those that can be asked for one namespace also without it. */
export async function routesOf({ call }: Pick<HostileWorld, 'call'>): Promise<Route[]> {
  const answer = await call(`${BASE}/openapi.json`);
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, Operation>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const name = `${method.toUpperCase()} ${path.replace(BASE, '')}`;
      const isStream = path.endsWith('/events');
      const common = { method: method.toUpperCase(), path, operation, isStream };
      const isOfOne = { ...common, name: `${name}?namespace=`, without: [] };
      const ofAll = { ...common, name, without: ['namespace', 'name'] };
      return isOptional(operation) ? [ofAll, isOfOne] : [{ ...common, name, without: [] }];
    })
  );
}

const isOptional = ({ parameters = [] }: Operation): boolean =>
  parameters.some(
    each => each.in === 'query' && each.name === 'namespace' && each.required !== true
  );

/** @returns a request that the schemas of the route accept. @throws Error when a part is missing */
export function requestFor(
  { path, method, operation, without }: Route,
  parts: Parts
): { path: string; init: RequestInit } {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(part(name, parts)));
  const query = new URLSearchParams();
  for (const { in: place, name, required } of operation.parameters ?? [])
    if (place === 'query' && (required || (name in parts && !without.includes(name))))
      query.set(name, part(name, parts));
  const search = query.size ? `?${query}` : '';
  const [type, body] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (!type || !body) return { path: filled + search, init: { method } };
  const sent = body.schema.format === 'binary' ? 'no archive' : valueOf(body.schema, parts, 'body');
  return {
    path: filled + search,
    init: {
      method,
      headers: { 'content-type': type },
      body: typeof sent === 'string' ? sent : JSON.stringify(sent),
    },
  };
}

/** @returns a value that the schema accepts: only what is required, from the parts where they name it. */
function valueOf(schema: Schema, parts: Parts, name: string): unknown {
  if (name in parts) return parts[name];
  if (schema.enum) return schema.enum[0];
  switch (schema.type) {
    case 'object': {
      const needed = [...(schema.required ?? []), ...(schema.oneOf?.[0]?.required ?? [])];
      const fields = needed.map(key => [key, valueOf(schema.properties?.[key] ?? {}, parts, key)]);
      return Object.fromEntries(fields);
    }
    case 'array':
      return [valueOf(schema.items ?? {}, parts, name)];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return false;
    default:
      return part(name, parts);
  }
}

function part(name: string, parts: Parts): string {
  if (!(name in parts)) throw new Error(`the parts of requests lack ${name}`);
  return String(parts[name]);
}
