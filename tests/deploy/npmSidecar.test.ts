import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** Its cluster never answers, which the service waits for while it already listens. */
const KUBECONFIG = JSON.stringify({
  clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:1' } }],
  users: [{ name: 'u', user: {} }],
  contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  'current-context': 'c',
});

it.each(['SIGTERM', 'SIGKILL'] as const)('npm run sidecar ends with npm, on %s', async signal => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-sidecar-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, KUBECONFIG);
  const npm = spawn('npm', ['run', 'sidecar'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...process.env,
      TMPDIR: dir,
      KUBECONFIG: kubeconfig,
      NKVM_BACKUP_DIR: join(dir, 'backups'),
      NKVM_METADATA_DB_PATH: join(dir, 'nkvm.db'),
      NKVM_HTTP_PORT: '0',
    },
  });
  const lines: string[] = [];
  const output = createInterface(npm.stdout);
  const closed = once(output, 'close'); // every process that writes there is gone
  for await (const line of output) {
    lines.push(line);
    const address = /NKVM is listening/.test(line) && /127\.0\.0\.1:\d+|"port":\d+/.exec(line);
    if (!address) continue;
    expect(npm.kill(signal)).toBe(true);
  }
  await closed;
  const said = lines.some(line => line.includes('NKVM is stopping'));
  expect(said || signal === 'SIGKILL').toBe(true);
});
