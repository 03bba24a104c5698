import { z } from 'zod';

/** Name of a cluster: the value of the label of its Secret, or the name of NKVM's own. */
export const ClusterName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be the name of a cluster');

/** Why a cluster cannot be used, in words for people. Never has a credential in it. */
export const ClusterProblem = z.strictObject({
  reason: z.string().describe('stable, for programs'),
  message: z.string(),
  hint: z.string(),
});
export type ClusterProblem = z.infer<typeof ClusterProblem>;

/**
 * - `ready`: it answered when NKVM last looked
 * - `unknown`: it has not answered yet
 * - `unreachable`: it did not answer, or refused the credentials; NKVM tries again
 * - `refused`: NKVM does not use it, e.g. because of what is in its kubeconfig
 */
export const ClusterState = z.enum(['ready', 'unknown', 'unreachable', 'refused']);
export type ClusterState = z.infer<typeof ClusterState>;

export const Cluster = z.strictObject({
  name: z.string().describe('any text where it is refused because of its name'),
  isOwn: z.boolean().describe('whether NKVM runs in it, or beside it'),
  state: ClusterState,
  since: z.iso.datetime().nullable().describe('of the state; null: not known'),
  problem: ClusterProblem.nullable(),
  server: z.string().nullable().describe('host and port of its API server; null: not known'),
  version: z.string().nullable().describe('of Kubernetes; null: not known'),
  uid: z
    .string()
    .nullable()
    .describe('UID of its namespace kube-system, which identifies it; null: not known'),
  volumes: z.int().min(0).nullable().describe('null: not known, or not to be seen by the caller'),
  source: z
    .strictObject({ kind: z.enum(['secret', 'file']), name: z.string() })
    .nullable()
    .describe('where its kubeconfig is; null for the cluster of NKVM'),
});
export type Cluster = z.infer<typeof Cluster>;

export const ClusterList = z.strictObject({
  clusters: z.array(Cluster).describe('that of NKVM first, then by name'),
  mayAdd: z.boolean().describe('whether the caller has `create clusters.nkvm.io`'),
  mayManage: z
    .boolean()
    .describe('whether the caller has `update` and `delete clusters.nkvm.io` for all of them'),
});
export type ClusterList = z.infer<typeof ClusterList>;

/** A kubeconfig is some 10 KiB. */
const kubeconfig = z
  .string()
  .min(1)
  .max(131_072)
  .describe('YAML or JSON; it is stored in a Secret and never shown again');
const context = z
  .string()
  .max(253)
  .optional()
  .describe('name of a context; default: the current one');
const dryRun = z.boolean().optional().describe('only checks, and stores nothing');

export const AddCluster = z.strictObject({ name: ClusterName, kubeconfig, context, dryRun });
export type AddCluster = z.infer<typeof AddCluster>;

export const ReplaceCluster = z.strictObject({ kubeconfig, context, dryRun });
export type ReplaceCluster = z.infer<typeof ReplaceCluster>;

export const MissingRight = z.strictObject({
  verb: z.string(),
  group: z.string(),
  resource: z.string(),
  purpose: z.string().describe('what NKVM does with it'),
});
export type MissingRight = z.infer<typeof MissingRight>;

/** The result of a check of a kubeconfig. */
export const ClusterCheck = z.strictObject({
  name: ClusterName,
  server: z.string(),
  version: z.string().nullable(),
  uid: z.string(),
  missing: z.array(MissingRight).describe('rights in the whole cluster that the credentials lack'),
  mayTooMuch: z
    .boolean()
    .describe('whether the credentials may read all Secrets there, which NKVM does not need'),
  isStored: z.boolean(),
});
export type ClusterCheck = z.infer<typeof ClusterCheck>;
/** The cluster that a request is about. */
export const cluster = ClusterName.optional().describe(
  'name of the cluster; default: that of NKVM'
);

export const ClusterQuery = z.strictObject({ cluster });

/** The cluster that a run or a volume is of. */
export const ofCluster = z
  .string()
  .optional()
  .describe('name of the cluster; absent: that of NKVM');
