import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Block } from '../../docs/support/blocks.ts';
import { allBlocks, ROOT } from '../../docs/support/blocks.ts';
import { linkTree } from '../../docs/support/linkTree.ts';
import { kubeconfigPath } from './kubectl.ts';

export const INSTALL_PAGE = 'docs/operations/install.md';

/** @returns the blocks of that page that a test runs, in their order. @param file of the test, from the top of the repository */
export const blocksOfTest = (file: string): Block[] =>
  allBlocks().filter(
    ({ page, mark }) => page === INSTALL_PAGE && mark?.kind === 'test' && mark.file === file
  );

/** A directory that looks like a fresh checkout, in which a person makes kustomizations. */
export interface Checkout {
  dir: string;
  /** Runs commands in it. @throws Error with what they wrote. */
  run(script: string): void;
  /** @returns the kustomization that commands have written into a directory of it. */
  kustomization(name: string): Kustomization;
  write(name: string, kustomization: Kustomization): void;
  remove(): void;
}

export type Kustomization = Record<string, unknown> & {
  components?: string[];
  patches?: object[];
};

export function freshCheckout(): Checkout {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-checkout-'));
  linkTree(ROOT, dir);
  const fileOf = (name: string) => join(dir, name, 'kustomization.yaml');
  return {
    dir,
    run(script) {
      const { status, stdout, stderr } = spawnSync('bash', ['-euc', `set -o pipefail\n${script}`], {
        cwd: dir,
        encoding: 'utf8',
        env: { ...process.env, KUBECONFIG: kubeconfigPath() },
      });
      if (status !== 0) throw new Error(`${script}\n${stdout}${stderr}`);
    },
    kustomization: name => parse(readFileSync(fileOf(name), 'utf8')),
    write: (name, kustomization) => writeFileSync(fileOf(name), JSON.stringify(kustomization)),
    remove: () => rmSync(dir, { recursive: true }),
  };
}
