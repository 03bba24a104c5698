import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';

/** A cluster that nobody answers for: port 9 (discard) is not listened on. */
const KUBECONFIG = {
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'away', cluster: { server: 'https://127.0.0.1:9' } }],
  users: [{ name: 'somebody', user: { token: 'none' } }],
  contexts: [{ name: 'away', context: { cluster: 'away', user: 'somebody' } }],
  'current-context': 'away',
};

it('stops in order while its cluster cannot be reached', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-main-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const kubeconfig = join(dir, 'kubeconfig');
  const history = join(dir, 'nkvm.db');
  writeFileSync(kubeconfig, JSON.stringify(KUBECONFIG));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      NKVM_KUBECONFIG: kubeconfig,
      NKVM_BACKUP_DIR: join(dir, 'backups'),
      NKVM_METADATA_DB_PATH: history,
      NKVM_HTTP_PORT: '0',
      NKVM_DISCOVERY_TIMEOUT_SECONDS: '1',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  for await (const line of createInterface(child.stdout)) {
    if (line.includes('is tried again')) break;
  }
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(existsSync(history)).toBe(true);
}, 30_000);
