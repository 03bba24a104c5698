import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allBlocks } from '../docs/support/blocks.ts';
import { ORDERS_DB_PATH } from './fixture/claims.ts';
import { applyFixture } from './fixture/fixture.ts';
import { ctr } from './machine/containerd.ts';
import { NODES } from './machine/paths.ts';
import type { Call } from './support/backups.ts';
import { backUp } from './support/backups.ts';
import { deploy } from './support/deploy.ts';
import { kubeconfigPath, kubectl } from './support/kubectl.ts';
import { CLUSTER_PAGES } from './support/pagesOfCommands.ts';
import { podsReachNothing } from './support/reachable.ts';
import { deleteWhatIsCreated, runPage } from './support/runPage.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { IMAGE } from './support/verify-pod.ts';

/**
 * Runs every block of commands that is marked `run: cluster`, exactly as it is on its page. The cluster has what the pages
 * speak of: namespace `shop` with the claim `orders-db`, and the images that they name.
 */
const blocks = allBlocks().filter(({ mark }) => mark?.kind === 'cluster');

/** What a block must have written, beside ending well. Found by a part of the block. */
const WRITES: readonly [page: string, part: string, written: RegExp][] = [
  ['README.md', '/events', /"status":"success"/],
  ['README.md', '127.0.0.1:8080', /"name":"orders-db"/],
  ['docs/reference/http-api.md', '/events', /"status":"success"/],
  ['docs/reference/archive-format.md', 'sqlite3', /tar\.gz: OK/],
  ['docs/runbooks/README.md', 'sqlite3', /BackupSucceeded/],
  ['docs/runbooks/README.md', 'can-i watch pods', /^ok\s*yes$/m],
  ['docs/operations/README.md', 'readyz', /^ok[^]*shop\|orders-db\|success/m],
  ['docs/operations/README.md', '--as bob', /yes\nyes\n/],
  ['docs/operations/metrics.md', '/metrics', /nkvm_last_success_timestamp_seconds\{/],
  ['docs/operations/restore.md', '/drill', /"status":"success"/],
  ['docs/operations/restore-by-hand.md', 'sha256sum', /: OK/],
  [
    'docs/operations/restore-by-hand.md',
    '--size 1Gi',
    /Restored into claim shop\/orders-db-restored/,
  ],
  ['docs/operations/regular-backups.md', 'first-night', /success shop\/orders-db/],
  [
    'docs/operations/install.md',
    'use this image',
    /"image":"registry.example.com\/tools\/nkvm:dev"/,
  ],
  ['docs/operations/install.md', 'integrity_check', /^ok$/m],
  ['docs/operations/install.md', 'nkvm-move', /^the same$/m],
  ['docs/operations/install.md', 'component=backup-helper', /No resources found/],
  ['docs/operations/install.md', 'bindings.json\njq', /nkvm-runtime shop nkvm-runner/],
  ['docs/operations/install.md', 'create -f bindings.json', /shop__orders-db__/],
];

/** Names that the pages use for images which the nodes have under ours. */
const NAMES_OF_IMAGE = [
  'docker.io/library/debian:stable-slim',
  'registry.example.com/tools/nkvm:dev',
];

/** Files that the pages name. */
const FILES = `cd ${ORDERS_DB_PATH}; mkdir -p config; touch .bashrc; echo 1 | tee config/app.conf >data.db`;

/** Objects that pages create from files; a page that failed leaves them behind. */
const LEFT = [
  ['pvc', 'orders-db-restored', '--namespace=shop'],
  ['pod', 'nkvm-move', '--namespace=nkvm'],
  ['pvc', 'nkvm-data-2', '--namespace=nkvm'],
  ['job', 'first-night', '--namespace=nkvm'],
];
const deleteWhatIsLeft = () =>
  LEFT.forEach(object => kubectl(['delete', ...object, '--ignore-not-found']));

describe.skipIf(podsReachNothing)('commands in the documentation', () => {
  beforeAll(async () => {
    for (const node of NODES)
      for (const name of NAMES_OF_IMAGE) ctr(node, 'images', 'tag', '--force', IMAGE, name);
    kubectl(['exec', '--namespace=shop', 'deployment/orders-db', '--', 'sh', '-ec', FILES]);
    const proxy = await apiThroughServiceProxy();
    try {
      const admin = token();
      const call: Call = (path, init) => proxy.fetch(path, admin, init);
      expect(await backUp(call, 'shop', 'orders-db')).toMatchObject({ status: 'success' });
    } finally {
      await proxy.stop();
    }
  });
  afterAll(() => {
    for (const node of NODES) for (const name of NAMES_OF_IMAGE) ctr(node, 'images', 'rm', name);
    deleteWhatIsCreated(blocks); // bindings in `shop` would give other tests' users more rights
    deploy();
    deleteWhatIsLeft();
    applyFixture(kubeconfigPath());
  });

  it.each(CLUSTER_PAGES)(
    '%s',
    async page => {
      const ofPage = blocks.filter(block => block.page === page);
      applyFixture(kubeconfigPath());
      deleteWhatIsCreated(ofPage);
      deleteWhatIsLeft();
      const written = await runPage(ofPage);
      expect([...written.keys()]).toEqual(ofPage.map(({ line }) => line));
      for (const [of, part, expected] of WRITES.filter(([name]) => name === page)) {
        const found = ofPage.filter(({ text }) => text.includes(part));
        expect(found, `${of}: blocks with ${part}`).toHaveLength(1);
        expect(written.get(found[0]?.line ?? 0), `${of}: ${part}`).toMatch(expected);
      }
    },
    900_000
  );
});
