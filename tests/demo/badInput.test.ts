import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { kubeconfig } from '../playground/kubeconfig.ts';
import type { Playground } from '../playground/playground.ts';
import { startPlayground } from '../playground/playground.ts';
import { startDemo } from './running.ts';

let directory: string;
let playground: Playground;
/** URL of a cluster that no longer answers. */
let gone: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'demo-input-'));
  playground = await startPlayground();
  const another = await startPlayground();
  gone = another.url;
  await another.stop();
});
afterAll(async () => {
  await playground.stop();
  rmSync(directory, { recursive: true });
});

const file = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

async function expectRefusal(
  args: readonly string[],
  message: RegExp,
  env?: NodeJS.ProcessEnv
): Promise<void> {
  const demo = startDemo(args, env);
  onTestFinished(() => demo.remove());
  const { code, stderr } = await demo.end();
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(code).toBeGreaterThan(0);
  await demo.isGone();
}

describe('the demo says in one line', () => {
  it('that an option is none', () => expectRefusal(['--colour'], /^Unknown option '--colour'/));

  it('that there is no tar', () =>
    expectRefusal([], /GNU tar is not installed: /, { PATH: directory }));

  it('that tar is not GNU tar', async () => {
    const tar = file('tar', '#!/bin/sh\necho bsdtar 3.7.4 - libarchive 3.7.4\n');
    chmodSync(tar, 0o755);
    await expectRefusal([], /GNU tar is not installed: /, { PATH: directory });
  });

  it.each<[string, () => string, RegExp]>([
    ['is not there', () => join(directory, 'nowhere'), /cannot be read: ENOENT/],
    ['is a directory', () => directory, /cannot be read: EISDIR/],
    ['is empty', () => file('empty', ''), /cannot be read: /],
    ['is broken', () => file('broken', 'clusters: [\n  a'), /cannot be read: /],
    ['is of something else', () => file('else', 'a: b'), /has no cluster in use: choose one/],
    [
      'leads to nobody',
      () => file('nobody', kubeconfig(gone, 'admin', 'x')),
      /the cluster at http:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/,
    ],
    [
      'has an old token',
      () => file('old', kubeconfig(playground.url, 'admin', 'old')),
      /does not let you in \(401\): /,
    ],
    [
      'is of somebody who sees nothing',
      () => playground.kubeconfigFor('nobody'),
      /nobody may not see all of persistentvolumeclaims, .*: use a kubeconfig of somebody who may/,
    ],
  ])('that the kubeconfig %s', (_, path, message) =>
    expectRefusal(['--kubeconfig', path()], message)
  );
});
