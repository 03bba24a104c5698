import type {
  V1SubjectAccessReview,
  V1SubjectAccessReviewSpec,
  V1TokenReview,
} from '@kubernetes/client-node';
import type { Gateway } from './gateway.ts';
import { readUserInfo } from './userInfo.ts';

/** The owner of a token, as the API server describes it. */
export interface Subject {
  username: string;
  uid: string | undefined;
  groups: string[];
  /** Holds the token's credential id, which the API server's audit log knows, too. */
  extra: Record<string, string[]>;
  /** Name of the cluster whose API server says so; absent: NKVM's own. In another cluster the same name means nothing. */
  cluster?: string;
}

/** One action on one kind of object, as a right. */
export interface Action {
  verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'use';
  group: string;
  resource: string;
  subresource?: string;
  /** Absent: in every namespace. */
  namespace?: string;
  /** Absent: to every object. */
  name?: string;
}

/** Reading a path that is not an object, e.g. `/metrics`; a ClusterRole grants it as a nonResourceURL. */
export interface PathAction {
  verb: 'get';
  path: string;
}

/** The API server's answers about callers and their rights. */
export interface Access {
  /**
   * @param audience that the token must carry; absent: that of the API server itself.
   * @returns undefined when the token is not valid for the audience. @throws ApiFailure when there was no answer.
   */
  whoIs(token: string, audience?: string): Promise<Subject | undefined>;
  /** @throws ApiFailure when there was no answer. */
  may(subject: Subject, action: Action | PathAction): Promise<boolean>;
  /** Whether the sidecar itself may do it. @throws ApiFailure when there was no answer. */
  mayI(action: Action): Promise<boolean>;
}

/** Asking twice changes nothing, so that these calls are repeated although they are POSTs. */
const limits = {
  lane: 'reviews',
  method: 'POST',
  repeat: 'always',
  limitMs: 10_000,
  tryMs: 5_000,
} as const;
const AUTHORIZATION = '/apis/authorization.k8s.io/v1';

/** Asks the API server by TokenReview and (Self)SubjectAccessReview. */
export function accessOf(gateway: Pick<Gateway, 'json'>): Access {
  const review = async <T>(path: string, spec: object): Promise<Partial<T>> => {
    const { status } = await gateway.json<{ status?: T }>({ ...limits, path, body: { spec } });
    return status ?? {};
  };
  return {
    async whoIs(token, audience) {
      const { authenticated, audiences, user } = await review<V1TokenReview['status'] & object>(
        '/apis/authentication.k8s.io/v1/tokenreviews',
        { token, ...(audience !== undefined && { audiences: [audience] }) }
      );
      if (authenticated !== true) return undefined;
      // An authenticator that ignores audiences answers without them: such a token was not made for us.
      if (audience !== undefined && !audiences?.includes(audience)) return undefined;
      const { username, uid, groups, extra } = readUserInfo(user);
      return { username, uid, groups, extra };
    },
    async may(subject, action) {
      const { username: user, uid, groups, extra } = subject;
      const { allowed } = await review<Answer>(`${AUTHORIZATION}/subjectaccessreviews`, {
        user,
        uid,
        groups,
        extra,
        ...attributesOf(action),
      });
      return allowed === true;
    },
    async mayI(action) {
      const path = `${AUTHORIZATION}/selfsubjectaccessreviews`;
      const { allowed } = await review<Answer>(path, attributesOf(action));
      return allowed === true;
    },
  };
}

type Answer = V1SubjectAccessReview['status'] & object;

const attributesOf = (
  action: Action | PathAction
): Pick<V1SubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'> =>
  'path' in action
    ? { nonResourceAttributes: action }
    : { resourceAttributes: { version: 'v1', ...action } };
