import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { kubeconfigPath } from '../../cluster/support/kubectl.ts';

/** One call to the API server, and the side of it on which a process is stopped. */
export interface Point {
  method: 'POST' | 'PATCH' | 'DELETE';
  /** A regular expression for the whole path, with its query. */
  path: string;
  /** A text in its path or body, e.g. the UID of a claim: other calls pass. */
  about: string;
  /** `before`: the API server never gets the call; `after`: it carries out the call, and the answer is lost. */
  when: 'before' | 'after';
}

export type ToGate = { hold: Point } | { open: true };
export type FromGate = { port: number } | { reached: true };

/** A proxy between a sidecar and the API server that can hold single calls. It ends with the test. */
export interface Gate {
  /** A kubeconfig that leads through here. */
  readonly kubeconfig: string;
  /** Resolves when the next call of that kind arrives. That call and all later ones never get an answer. */
  hold(point: Point): Promise<void>;
  /** Lets new calls pass again; those that are held stay held. */
  open(): void;
}

/** @param api where the API server is without TLS; see plainApi.ts */
export async function gateTo(api: URL): Promise<Gate> {
  const child = fork(join(import.meta.dirname, 'gateServer.ts'), [api.href], { execArgv: [] });
  const directory = mkdtempSync(join(tmpdir(), 'nkvm-gate-'));
  onTestFinished(() => {
    child.kill();
    rmSync(directory, { recursive: true });
  });
  const tell = (message: ToGate): void => void child.send(message);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const config = JSON.parse(readFileSync(kubeconfigPath(), 'utf8'));
  config.clusters[0].cluster = {
    server: `http://127.0.0.1:${port}`,
    'insecure-skip-tls-verify': true, // plain HTTP is refused otherwise
  };
  config.users[0].user = {};
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return {
    kubeconfig,
    async hold(point) {
      const reached = once(child, 'message');
      tell({ hold: point });
      await reached;
    },
    open: () => tell({ open: true }),
  };
}
