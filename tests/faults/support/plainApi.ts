import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { kubeconfigPath } from '../../cluster/support/kubectl.ts';

/**
 * Opens the API server without TLS, as the kubeconfig's user, on 127.0.0.1: TLS would find whatever a test changes on
 * the way. It ends with the test.
 */
export async function plainApi(): Promise<URL> {
  const proxy = spawn(
    'kubectl',
    // exec is refused otherwise
    [`--kubeconfig=${kubeconfigPath()}`, 'proxy', '--port=0', '--disable-filter=true'],
    { stdio: ['ignore', 'pipe', 'ignore'] }
  );
  const ended = once(proxy, 'exit');
  onTestFinished(async () => {
    proxy.kill();
    await ended;
  });
  for await (const line of createInterface(proxy.stdout)) {
    const address = /127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (address) return new URL(`http://${address}`);
  }
  throw new Error('kubectl proxy ended before it said where it listens');
}
