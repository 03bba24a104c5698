import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished, vi } from 'vitest';
import { DoctorReport } from '../api/index.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Settings of an installation whose API server does not answer. Nothing listens on port 9 (discard). */
function settings() {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-command-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const kubeconfig = join(dir, 'kubeconfig');
  const config = {
    clusters: [{ name: 'test', cluster: { server: 'http://127.0.0.1:9' } }],
    users: [{ name: 'somebody', user: { token: 'hidden-token' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'somebody' } }],
    'current-context': 'test',
  };
  writeFileSync(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...config }));
  mkdirSync(join(dir, 'backups'));
  return {
    PATH: process.env['PATH'],
    TMPDIR: dir,
    NKVM_KUBECONFIG: kubeconfig,
    NKVM_BACKUP_DIR: join(dir, 'backups'),
    NKVM_METADATA_DB_PATH: join(dir, 'nkvm.db'),
    NKVM_HTTP_PORT: '0',
  };
}

function run(script: string, args: string[], env: Record<string, string | undefined>) {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function nkvm(args: string[], env: Record<string, string | undefined>) {
  const child = run('nkvm.ts', args, env);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { stdout, stderr, code: code as number };
}

const of = (report: DoctorReport, name: string) =>
  report.checks.find(({ check }) => check === name);

it('nkvm doctor checks by itself what it can when the process does not run', async () => {
  const { stdout, code } = await nkvm(['doctor', '--json'], settings());
  expect(code).toBe(2);
  const report = DoctorReport.parse(JSON.parse(stdout));
  expect(of(report, 'process')?.findings[0]?.text).toContain('does not answer');
  expect(of(report, 'cluster')).toMatchObject({ outcome: 'failed' });
  expect(of(report, 'disk')?.findings).toHaveLength(2);
  expect(stdout).not.toContain('hidden-token');
});

it('nkvm doctor asks the process, also while it waits for the API server to start', async () => {
  const env = settings();
  const child = run('main.ts', [], env);
  for await (const line of child.stdout) if (String(line).includes('NKVM is listening')) break;
  let report: DoctorReport | undefined;
  await vi.waitUntil(
    async () => {
      const { stdout } = await nkvm(['doctor', '--json'], env);
      report = DoctorReport.parse(JSON.parse(stdout));
      return of(report, 'process')?.outcome === 'warning';
    },
    { timeout: 90_000, interval: 500 }
  );
  expect(of(report!, 'process')?.findings[0]?.text).toContain('NKVM is starting');
  expect(of(report!, 'image')?.findings[0]?.text).toContain('not checked');
});

it.each<[string, string[], Record<string, string>, string]>([
  ['another command', ['repair'], {}, 'the only command is doctor'],
  ['a setting that is wrong', ['doctor'], { NKVM_MAX_PARALLEL: 'many' }, 'NKVM_MAX_PARALLEL takes'],
])('nkvm refuses %s, with exit code 64', async (_, args, more, why) => {
  const { stderr, code } = await nkvm(args, { ...settings(), ...more });
  expect([code, stderr]).toEqual([64, expect.stringContaining(why)]);
});
