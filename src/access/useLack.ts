import { useQuery } from '@tanstack/react-query';
import { type ClaimRight, RIGHTS_OF_ACTIONS, textOfClaimRight } from '../../sidecar/api/names.ts';
import { BEHIND_MS, clusterKey, queries } from '../api/cache';
import { isOfHeadlamp } from '../api/clusterRef';
import { placeOf } from '../api/session/place';
import { nameInNkvm } from '../api/session/recordRef';
import { mayI, type RightQuestion } from '../api/session/reviews';
import type { SecretVerb } from '../api/session/secrets';
import type { Translate } from '../ui/text';
import { useOwnAccess } from './useAccess';

/** A right that somebody lacks, and who can grant it. */
export interface Lack {
  /** As Kubernetes writes it, e.g. `create persistentvolumeclaims/backup`. */
  right: string;
  namespace: string;
  /** `volumes`: the page of access says who has it and grants it; `nkvm`: NKVM's administrators; `own`: Kubernetes' own right. */
  kind: 'volumes' | 'nkvm' | 'own';
}

/** The volume that an action is about; without a name, all of its namespace. */
interface Of {
  /** Empty: not known yet. */
  namespace: string;
  name?: string;
  /** Of another cluster than NKVM's own, whose API server decides. */
  cluster?: string;
}

/** What actions need. */
export const TO_BACK_UP: readonly ClaimRight[] = RIGHTS_OF_ACTIONS.backUp.rights;
export const TO_READ: readonly ClaimRight[] = RIGHTS_OF_ACTIONS.browse.rights;
export const TO_WRITE: readonly ClaimRight[] = [{ verb: 'create', subresource: 'restore' }];
export const TO_RESTORE: readonly ClaimRight[] = RIGHTS_OF_ACTIONS.restore.rights;

/**
 * The first right that the caller lacks for an action on a volume. All that ask about one volume share one request.
 *
 * @returns undefined where nothing is missing, and where it is not known: NKVM decides then.
 */
export function useLack(
  cluster: string,
  { namespace, name, cluster: elsewhere }: Of,
  needed: readonly ClaimRight[]
): Lack | undefined {
  const isWanted = namespace !== '' && elsewhere === undefined && nameInNkvm(cluster) === undefined;
  const { value } = useOwnAccess(cluster, namespace, {
    name: name || undefined,
    isWanted,
    everyMs: BEHIND_MS,
  });
  const missing = isWanted && value ? value.actions.flatMap(action => action.missing) : [];
  const right = needed.map(textOfClaimRight).find(each => missing.includes(each));
  return right === undefined ? undefined : { right, namespace, kind: 'volumes' };
}

/** Of nothing that there is. */
const NOTHING: Of = { namespace: '' };

/**
 * As `useLack`, for a row in a list of many volumes: one request for a namespace is enough where the right is there for all its
 * volumes. Only where it is not, the volume itself is asked about, because rights on single volumes count as well.
 */
export function useLackInList(
  cluster: string,
  of: Of,
  needed: readonly ClaimRight[]
): Lack | undefined {
  const { namespace, cluster: elsewhere } = of;
  const ofAll = useLack(cluster, { namespace, cluster: elsewhere }, needed);
  const ofOne = useLack(cluster, ofAll ? of : NOTHING, needed);
  return ofOne;
}

/**
 * The right of the person at the browser that is missing for a change in Kubernetes, which NKVM has no part in.
 *
 * @returns undefined where it is there, and where the API server did not say.
 */
export function useOwnLack(
  cluster: string,
  question: RightQuestion,
  kind: 'nkvm' | 'own' = 'own'
): Lack | undefined {
  const { verb, resource, namespace } = question;
  const { data } = useQuery(
    {
      queryKey: [...clusterKey(cluster), 'may I', question],
      // `undefined` is no answer for the cache.
      queryFn: async () => (await mayI(cluster, question)) ?? 'unknown',
      enabled: isOfHeadlamp(cluster),
      staleTime: BEHIND_MS / 2,
      refetchInterval: BEHIND_MS,
    },
    queries
  );
  return data === false ? { right: `${verb} ${resource}`, namespace, kind } : undefined;
}

/** The right of the person at the browser that is missing to write Secrets of NKVM's namespace. */
export function useSecretLack(cluster: string, verb: SecretVerb): Lack | undefined {
  const { cluster: home, namespace } = placeOf(cluster);
  return useOwnLack(home, { verb, resource: 'secrets', namespace }, 'nkvm');
}

/** Why a person may not do something, and whom to ask. @returns undefined where nothing is missing. */
export function lackText(lack: Lack | undefined, t: Translate): string | undefined {
  if (!lack) return undefined;
  const { right, namespace, kind } = lack;
  return kind === 'nkvm'
    ? t(
        'You don’t have permission to {{right}} in namespace {{namespace}}. Ask an administrator of NKVM for it.',
        { right, namespace }
      )
    : t(
        'You don’t have permission to {{right}} in namespace {{namespace}}. Ask an administrator of the namespace or of the cluster for it.',
        { right, namespace }
      );
}
