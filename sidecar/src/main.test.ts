import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, type TestContext } from 'vitest';
import { openHistory } from './history/openHistory.ts';

/** Nothing listens on port 9 (discard). */
const AWAY = 'http://127.0.0.1:9';

/** What Node has compiled of the sources: a start takes half as long with it. */
const COMPILED = join(import.meta.dirname, '../../node_modules/.cache/node');

const kubeconfig = (server: string) => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'somebody', user: { token: 'none' } }],
  contexts: [{ name: 'test', context: { cluster: 'test', user: 'somebody' } }],
  'current-context': 'test',
});

/** Starts the service, with a directory of its own, beside the cluster at `server`. */
function start({ onTestFinished }: TestContext, server: string, env: Record<string, string> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-main-'));
  const history = join(dir, 'nkvm.db');
  const config = join(dir, 'kubeconfig');
  writeFileSync(config, JSON.stringify(kubeconfig(server)));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      TMPDIR: dir,
      NKVM_KUBECONFIG: config,
      NKVM_BACKUP_DIR: join(dir, 'backups'),
      NKVM_METADATA_DB_PATH: history,
      NKVM_HTTP_PORT: '0',
      NKVM_DISCOVERY_TIMEOUT_SECONDS: '1',
      NODE_COMPILE_CACHE: COMPILED,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', chunk => (stderr += chunk));
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(dir, { recursive: true });
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    dir,
    history,
    /** Waits for a line of the log. */
    async says(sentence: string): Promise<{ addresses?: AddressInfo[] }> {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`it ended without "${sentence}": ${stderr}`);
        if (value.includes(sentence)) return JSON.parse(value);
      }
    },
    /** @returns the exit code. */
    async end(signal: NodeJS.Signals = 'SIGTERM') {
      child.kill(signal);
      const [code] = await ended;
      return { code };
    },
    ended: async () => ({ code: (await ended)[0], stderr }),
  };
}

/** An API server that accepts connections and never answers. */
async function silentServer({ onTestFinished }: TestContext): Promise<string> {
  const server = http.createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

// Most of their time, they wait for a second try: side by side, all of them wait for the same ten seconds.
describe.concurrent('the service', () => {
  it('answers at once while its cluster cannot be reached, and says what it is waiting for', async test => {
    const { says } = start(test, AWAY);
    const [address] = (await says('NKVM is listening')).addresses ?? [];
    const look = (path: string) => fetch(`http://127.0.0.1:${address?.port}${path}`);
    expect((await look('/healthz')).status).toBe(200);
    await says('tries again');
    const ready = await look('/readyz');
    expect(ready.status).toBe(503);
    expect(await ready.text()).toMatch(/\S/);
  });

  it.for([
    ['as soon as it listens', AWAY, 'NKVM is listening'],
    ['while its cluster cannot be reached', AWAY, 'tries again'],
    ['as soon as it listens beside a silent cluster', silentServer, 'NKVM is listening'],
    ['while its cluster does not answer', silentServer, 'tries again'],
  ] as const)('stops in order on SIGTERM %s', async ([, server, sentence], test) => {
    const service = start(test, typeof server === 'string' ? server : await server(test));
    await service.says(sentence);
    const { code } = await service.end();
    expect(code).toBe(0);
    if (!existsSync(service.history)) return;
    const history = await openHistory(service.history); // complete, and nobody holds it
    expect(history.count()).toBe(0);
    await history.close();
  });

  it('names a port that is taken, and ends', async test => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    test.onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, stderr } = await start(test, AWAY, { NKVM_HTTP_PORT: `${port}` }).ended();
    expect(code).toBe(2);
    expect(stderr).toContain(`EADDRINUSE: address already in use 127.0.0.1:${port}`);
  });

  it('names every wrong setting, and ends', async test => {
    const env = { NKVM_MAX_PARALLEL: '0', NKVM_X: '1' };
    const { code, stderr } = await start(test, AWAY, env).ended();
    expect(code).toBe(2);
    expect(stderr).toContain('NKVM_X is not a setting of NKVM');
    expect(stderr).toContain('NKVM_MAX_PARALLEL takes');
  });
});
