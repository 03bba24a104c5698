import { spawnSync } from 'node:child_process';
import { expect, onTestFinished } from 'vitest';

/** Drops every packet to and from a port, for the rest of the test. */
export function dropPackets(port: number): void {
  const rules = ['--dport', '--sport'].map(which => [
    ...[which === '--dport' ? 'INPUT' : 'OUTPUT', '-p', 'tcp', which, `${port}`, '-j', 'DROP'],
  ]);
  for (const rule of rules) {
    expect(spawnSync('iptables', ['-I', ...rule]).status).toBe(0);
    onTestFinished(() => void spawnSync('iptables', ['-D', ...rule]));
  }
}
