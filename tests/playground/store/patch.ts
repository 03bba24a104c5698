import { badRequest, patchRefused } from './failure.ts';

type Json = unknown;
type JsonObject = Record<string, Json>;

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON Merge Patch (RFC 7386). */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

interface Operation {
  op: string;
  path: string;
  from?: string;
  value?: Json;
}

/** JSON Patch (RFC 6902). @throws Failure 422 when an operation does not fit, 400 when it is none. */
export function jsonPatch(target: Json, operations: Json): Json {
  if (!Array.isArray(operations)) throw badRequest('error decoding patch: an array is expected');
  let document = structuredClone(target);
  for (const { op, path, from, value } of operations as Operation[]) {
    switch (op) {
      case 'add':
        document = put(document, path, value, 'insert');
        break;
      case 'replace':
        look(document, path);
        document = put(document, path, value, 'set');
        break;
      case 'remove':
        document = take(document, path);
        break;
      case 'move': {
        const moved = look(document, from ?? '');
        document = put(take(document, from ?? ''), path, moved, 'insert');
        break;
      }
      case 'copy':
        document = put(document, path, structuredClone(look(document, from ?? '')), 'insert');
        break;
      case 'test':
        if (JSON.stringify(look(document, path)) !== JSON.stringify(value)) throw patchRefused();
        break;
      default:
        throw patchRefused();
    }
  }
  return document;
}

/** @returns the names in a JSON Pointer (RFC 6901). */
function pointer(path: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw patchRefused();
  return path
    .slice(1)
    .split('/')
    .map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function look(document: Json, path: string): Json {
  return pointer(path).reduce<Json>((part, name) => {
    const found = Array.isArray(part)
      ? part[Number(name)]
      : isObject(part) && Object.hasOwn(part, name)
      ? part[name]
      : undefined;
    if (found === undefined) throw patchRefused();
    return found;
  }, document);
}

/** @returns the container that the last name of the path is in, and that name. */
function parentOf(document: Json, path: string): { parent: Json; name: string } {
  const names = pointer(path);
  const name = names.pop();
  if (name === undefined) throw patchRefused();
  const up = names.map(each => `/${each.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { parent: look(document, up), name };
}

function put(document: Json, path: string, value: Json, how: 'insert' | 'set'): Json {
  if (path === '') return value;
  const { parent, name } = parentOf(document, path);
  if (Array.isArray(parent)) {
    const index = name === '-' ? parent.length : Number(name);
    if (!Number.isInteger(index) || index < 0 || index > parent.length) throw patchRefused();
    parent.splice(index, how === 'insert' ? 0 : 1, value);
  } else if (isObject(parent)) parent[name] = value;
  else throw patchRefused();
  return document;
}

function take(document: Json, path: string): Json {
  look(document, path);
  const { parent, name } = parentOf(document, path);
  if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete (parent as JsonObject)[name];
  return document;
}
