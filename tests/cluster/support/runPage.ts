import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as allText } from 'node:stream/consumers';
import type { Block } from '../../docs/support/blocks.ts';
import { ROOT } from '../../docs/support/blocks.ts';
import { linkTree } from '../../docs/support/linkTree.ts';
import { kubeconfigPath, kubectl } from './kubectl.ts';

const LIMIT_MS = 280_000;

/** Ends what runs beside, with all of its processes, when the page ends. */
const BEGIN = `
set -eum
end() { set +e; for job in $(jobs -p); do kill -TERM -- "-$job"; done; wait; } 2>/dev/null
trap end EXIT
until_answers() { for _ in $(seq 1200); do (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done; return 1; }
`;

/**
 * Runs the blocks of one page in one shell, as a person would who copies them one after the other, in a directory that looks
 * like a fresh checkout. The first command that fails ends it.
 * @returns what the blocks wrote, by the number of their first line. @throws Error with the block and what was written last.
 */
export async function runPage(blocks: readonly Block[]): Promise<Map<number, string>> {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-page-'));
  const home = join(dir, 'home');
  try {
    mkdirSync(home);
    linkTree(ROOT, dir);
    const { HOME } = process.env;
    const shell = spawn('bash', ['-c', BEGIN + blocks.map(scriptOf).join('')], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: LIMIT_MS,
      env: {
        ...process.env,
        HOME: home,
        KUBECONFIG: kubeconfigPath(),
        npm_config_userconfig: `${HOME}/.npmrc`,
        npm_config_cache: `${HOME}/.npm`,
      },
    });
    const exited = once(shell, 'exit');
    const output = await allText(shell.stdout);
    const [code, signal] = await exited;
    if (code !== 0) {
      const how = signal ?? `exit code ${code}`;
      throw new Error(`${blocks[0]?.page}: ${how}, last written:\n${output.slice(-3000)}`);
    }
    return byBlock(output);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function scriptOf({ text, mark, line }: Block): string {
  const head = `\nexec 2>&1; echo '@@ line ${line}'\n`;
  const port = mark?.kind === 'cluster' ? mark.port : undefined;
  return port === undefined ? head + text : `${head}{\n${text}} &\nuntil_answers ${port}\n`;
}

const byBlock = (output: string): Map<number, string> =>
  new Map(
    [...output.matchAll(/^@@ line (\d+)\n(.*?)(?=^@@ line |$(?![^]))/gms)].map(
      ([, line, text = '']) => [Number(line), text]
    )
  );

/** Objects that a page creates, e.g. `kubectl create rolebinding nkvm-runtime -n shop`. */
const CREATES =
  /kubectl create (rolebinding|clusterrolebinding|role|serviceaccount|configmap) (\S+)(?: -n (\S+))?/g;

/** Deletes what a page is about to create: another page, or the fixture, may have created it. */
export function deleteWhatIsCreated(blocks: readonly Block[]): void {
  for (const [, kind = '', name = '', namespace] of blocks.flatMap(({ text }) => [
    ...text.matchAll(CREATES),
  ])) {
    const where = namespace ? [`--namespace=${namespace}`] : [];
    kubectl(['delete', kind, name, ...where, '--ignore-not-found']);
  }
}
