/** Pages whose commands are run on the cluster, in this order: what one of them installs or backs up, the next ones use. */
export const CLUSTER_PAGES: readonly string[] = [
  'README.md',
  'docs/reference/http-api.md',
  'docs/reference/archive-format.md',
  'docs/reference/headlamp.md',
  'docs/destinations/README.md',
  'docs/runbooks/README.md',
  'docs/operations/README.md',
  'docs/operations/in-a-cluster-with.md',
  'docs/operations/metrics.md',
  'docs/operations/restore.md',
  'docs/operations/restore-by-hand.md',
  'docs/operations/regular-backups.md',
  'docs/operations/install.md',
];
