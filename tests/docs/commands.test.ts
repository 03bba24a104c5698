import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CLUSTER_PAGES } from '../cluster/support/pagesOfCommands.ts';
import { allBlocks, blocksOf, ROOT } from './support/blocks.ts';
import { linkTree } from './support/linkTree.ts';

const blocks = allBlocks();

/** Blocks that no test runs. A new one must be added here, so that the number does not grow unnoticed. */
const NOT_RUN: string[] = [
  'docs/operations/zero-touch-bypass.md: it is for a namespace of yours',
  'docs/operations/zero-touch-webhook.md: it makes a certificate for a cluster of yours',
  'docs/operations/zero-touch-webhook.md: claims would start empty',
  'docs/operations/zero-touch-gitops.md: it only shows something where a claim is stuck',
  'CONTRIBUTING.md: these are the suites themselves',
  'README.md: tests/demo runs the demo, and these are the suites themselves',
  'docs/destinations/ftp.md: lftp is not among the programs that tests need',
  'docs/destinations/ftps.md: lftp is not among the programs that tests need',
  'docs/destinations/scp.md: it reads the key of a server that only you have',
  'docs/destinations/sftp.md: it reads the key of a server that only you have',
  'docs/operations/README.md: it would open the namespaces that other tests need closed',
  'docs/operations/doctor.md: tests/cluster/doctor.test.ts runs it',
  'docs/operations/install.md: it needs a registry of yours',
  'docs/operations/install.md: the nodes of the test cluster get the image by the same command from tests/cluster/machine/images.ts',
  'docs/operations/metrics.md: the test cluster has no Prometheus operator; tests/docs/monitoring.test.ts reads the files',
  'docs/operations/restore-by-hand.md: sidecar/src/archive/chain/gnuTar.test.ts restores chains with these options',
  'docs/operations/retention.md: an example',
  'docs/operations/retention.md: an example',
  'docs/operations/retention.md: it needs a plan that waits',
  'docs/operations/zero-touch.md: it needs a claim that waits',
  'docs/operations/zero-touch.md: tests/cluster/support/policiesCount.ts asks the same',
  'docs/operations/zero-touch.md: tests/cluster/zero-touch.test.ts applies it',
  'docs/reference/audit.md: needs the audit log of an API server',
  'docs/reference/audit.md: needs the files of an installation',
  'docs/reference/headlamp.md: it needs the built plugin; tests/deploy/packagePlugin.test.ts looks into the file',
  'docs/reference/headlamp.md: it takes minutes; the suites run both scripts, and tests/deploy/packagePlugin.test.ts looks into the file',
  'docs/reference/rights.md: tests/cluster/rbac.test.ts applies it, asks, and deletes it',
  'tests/cluster/README.md: it removes the cluster that tests use',
  'tests/faults/README.md: it is the suite itself',
];

describe('every block of commands in the documentation', () => {
  it('says above it where it is run, or why not', () => {
    const unmarked = blocks.filter(({ mark }) => !mark).map(({ page, line }) => `${page}:${line}`);
    expect(unmarked).toEqual([]);
  });

  it('is run, unless it is one of these', () => {
    const notRun = blocks.flatMap(({ page, mark }) =>
      mark?.kind === 'not run' ? [`${page}: ${mark.why}`] : []
    );
    expect(notRun.sort()).toEqual(NOT_RUN.sort());
  });

  it.each(
    blocks.flatMap(({ page, line, mark }) =>
      mark?.kind === 'test' ? [{ page, line, ...mark }] : []
    )
  )('$page:$line is run by a test that reads the page: $file', ({ page, file }) => {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    expect(readFileSync(join(ROOT, file), 'utf8')).toContain(basename(page));
  });

  it('that the cluster runs is on a page that has a place in the order of pages', () => {
    const onCluster = blocks.filter(({ mark }) => mark?.kind === 'cluster').map(({ page }) => page);
    expect([...new Set(onCluster)].sort()).toEqual([...CLUSTER_PAGES].sort());
  });
});

it.each(blocks.filter(({ mark }) => mark?.kind === 'here'))(
  '$page:$line works as it stands',
  ({ text }) => {
    const dir = mkdtempSync(join(tmpdir(), 'nkvm-commands-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    linkTree(ROOT, dir);
    const ended = spawnSync('bash', ['-euc', text], { cwd: dir, encoding: 'utf8' });
    expect(ended.status, ended.stderr).toBe(0);
  }
);

describe('blocksOf', () => {
  it('finds blocks of commands, their marks and their lines', () => {
    const page = [
      '<!-- run: cluster -->',
      '```sh',
      'kubectl get pods',
      '```',
      '```yaml',
      'a: 1',
      '```',
      '<!-- not run: needs a desktop -->',
      '',
      '```',
      'headlamp',
      '```',
      'text',
      '```sh',
      'unmarked',
      '```',
    ].join('\n');
    expect(blocksOf('x.md', page)).toEqual([
      { page: 'x.md', line: 3, text: 'kubectl get pods\n', mark: { kind: 'cluster' } },
      {
        page: 'x.md',
        line: 11,
        text: 'headlamp\n',
        mark: { kind: 'not run', why: 'needs a desktop' },
      },
      { page: 'x.md', line: 15, text: 'unmarked\n', mark: undefined },
    ]);
    expect(() => blocksOf('x.md', '<!-- run: somewhere -->\n```sh\n```')).toThrow(
      /nobody understands/
    );
  });
});
