import type { ReadsAs } from '../../../api/index.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { NamespaceFact } from '../../cluster/watch/facts.ts';
import type { HelperSettings } from './settings.ts';

/**
 * Where helper pods fit Pod Security level `restricted`: `auto` in namespaces that are labelled with it; `always` also in those
 * without a label, for clusters where that is the default level; `never`.
 */
export type RestrictedMode = 'auto' | 'always' | 'never';

const LEVEL_LABEL = 'pod-security.kubernetes.io/enforce';

/** The user that NKVM's own image has. Where nothing says whose files they are, it is as good as any other. */
const UNKNOWN_USER = 65532;

/** The ids of a helper pod that is not root, and where they are from. */
export type ReadsAsUser = ReadsAs & { ids: Ids };

/** @returns the command that lets a namespace admit helper pods that run as root. */
export const allowRootCommand = (namespace: string): string =>
  `kubectl label --overwrite namespace ${namespace} ${LEVEL_LABEL}=baseline`;

type Ids = Pick<HelperSettings, 'runAsUser' | 'runAsGroup' | 'supplementalGroups'>;

/** Whether a namespace admits no pod that runs as root, as far as its label and the settings say. */
export function isRestricted(
  namespace: Pick<NamespaceFact, 'labels'> | undefined,
  mode: RestrictedMode
): boolean {
  const level = namespace?.labels?.[LEVEL_LABEL];
  return level === 'restricted' || (level === undefined && mode === 'always');
}

/**
 * Decides as which user a helper pod reads a claim.
 *
 * | | the helper pod reads as |
 * | --- | --- |
 * | NKVM_HELPER_RUN_AS_USER is set | that user, in every namespace |
 * | the namespace admits root, or the mode is `never` | root |
 * | the pods of the claim, or their templates, name a user other than root | that user |
 * | none does | a user that owns nothing; groups of the pods count in any case |
 *
 * @returns null: root, who reads everything
 */
export function readsAs(
  { runsAs }: Pick<Claim, 'runsAs'>,
  namespace: Pick<NamespaceFact, 'labels'> | undefined,
  settings: Ids,
  mode: RestrictedMode
): ReadsAsUser | null {
  const { runAsUser, runAsGroup, supplementalGroups } = settings;
  if (runAsUser !== 0) {
    const ids = { runAsUser, runAsGroup, supplementalGroups };
    return { user: runAsUser, because: 'setting', ids };
  }
  if (mode === 'never' || !isRestricted(namespace, mode)) return null;
  const known = runsAs?.user || undefined;
  const user = known ?? UNKNOWN_USER;
  const groups = [...supplementalGroups, ...(runsAs?.groups ?? [])];
  return {
    user,
    because: known === undefined ? 'unknown' : 'pods',
    ids: {
      runAsUser: user,
      runAsGroup: runsAs?.group ?? runAsGroup,
      supplementalGroups: [...new Set(groups)],
    },
  };
}
