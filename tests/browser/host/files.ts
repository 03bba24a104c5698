import { readFile } from 'node:fs/promises';
import type http from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join, sep } from 'node:path';

const require = createRequire(import.meta.url);

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
};

export function sendJson(res: http.ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(JSON.stringify(body));
}

export function sendHtml(res: http.ServerResponse, html: string): void {
  res.writeHead(200, { 'content-type': TYPES['.html'], 'cache-control': 'no-store' });
  res.end(html);
}

/**
 * Sends the file `path` of `directory`; 404 when it is not there, or not inside.
 * @param isFinal whether browsers may keep the file, and their compiled form of it, without a limit.
 */
export async function sendFile(
  res: http.ServerResponse,
  directory: string,
  path: string,
  isFinal = false
): Promise<void> {
  const file = join(directory, path);
  const bytes = file.startsWith(directory + sep) && (await readFile(file).catch(() => undefined));
  if (!bytes) return sendJson(res, 404, { message: `no file ${path}` });
  res.writeHead(200, {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'cache-control': isFinal ? 'max-age=31536000, immutable' : 'no-store',
  });
  res.end(bytes);
}

/** Headlamp's editor. Headlamp loads it from the internet, or from the address that its page names. */
export const monacoDirectory = (): string =>
  join(dirname(require.resolve('monaco-editor/package.json')), 'min');

/** What the public icon service answers for `names`, from the package that it is made of. */
export function iconSet(names: string[]): object {
  const icons: Record<string, { body: string }> = {};
  for (const name of names.filter(name => /^[a-z0-9-]+$/.test(name))) {
    try {
      icons[name] = { body: require(`@iconify/icons-mdi/${name}`).default.body };
    } catch {
      // Unknown to the service as well: the page shows a gap.
    }
  }
  return { prefix: 'mdi', icons, width: 24, height: 24 };
}
