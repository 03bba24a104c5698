import type { KubeConfig, V1SubjectAccessReviewSpec } from '@kubernetes/client-node';
import { AuthenticationV1Api, AuthorizationV1Api } from '@kubernetes/client-node';
import { timeLimit } from './connection.ts';

/** Who a token belongs to, in the API server's words. */
export interface Subject {
  username: string;
  uid: string | undefined;
  groups: string[];
  /** Holds the token's credential id, which the API server's audit log knows, too. */
  extra: Record<string, string[]>;
}

/** What somebody wants to do to what. */
export interface Action {
  verb: 'get' | 'list' | 'create' | 'delete';
  group: string;
  resource: string;
  subresource?: string;
  /** Absent: in every namespace. */
  namespace?: string;
  /** Absent: to every object. */
  name?: string;
}

/** Reading a path that is no object, e.g. `/metrics`; a ClusterRole gives it as a nonResourceURL. */
export interface PathAction {
  verb: 'get';
  path: string;
}

/** The API server's answers on who somebody is and what they may do. */
export interface Access {
  /**
   * @param audience whom the token must be meant for; absent: the API server itself.
   * @returns undefined when the token is not valid for the audience. @throws Error when nobody could say.
   */
  whoIs(token: string, audience?: string): Promise<Subject | undefined>;
  /** @throws Error when nobody could say. */
  may(subject: Subject, action: Action | PathAction): Promise<boolean>;
  /** What the sidecar itself may do. @throws Error when nobody could say. */
  mayI(action: Action): Promise<boolean>;
}

const LIMIT_MS = 10_000;

/** Asks the API server of `kubeConfig`, by TokenReview and (Self)SubjectAccessReview. */
export function accessOf(kubeConfig: KubeConfig): Access {
  const authentication = kubeConfig.makeApiClient(AuthenticationV1Api);
  const authorization = kubeConfig.makeApiClient(AuthorizationV1Api);
  return {
    async whoIs(token, audience) {
      const body = { spec: { token, ...(audience !== undefined && { audiences: [audience] }) } };
      const { status } = await authentication.createTokenReview({ body }, timeLimit(LIMIT_MS));
      if (!status?.authenticated) return undefined;
      // An authenticator that ignores audiences answers without them: such a token was not made for us.
      if (audience !== undefined && !status.audiences?.includes(audience)) return undefined;
      const { username = '', uid, groups = [], extra = {} } = status.user ?? {};
      return { username, uid, groups, extra };
    },
    async may(subject, action) {
      const { username: user, uid, groups, extra } = subject;
      const body = { spec: { user, uid, groups, extra, ...attributesOf(action) } };
      const { status } = await authorization.createSubjectAccessReview(
        { body },
        timeLimit(LIMIT_MS)
      );
      return status?.allowed === true;
    },
    async mayI(action) {
      const body = { spec: attributesOf(action) };
      const { status } = await authorization.createSelfSubjectAccessReview(
        { body },
        timeLimit(LIMIT_MS)
      );
      return status?.allowed === true;
    },
  };
}

const attributesOf = (
  action: Action | PathAction
): Pick<V1SubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'> =>
  'path' in action
    ? { nonResourceAttributes: action }
    : { resourceAttributes: { version: 'v1', ...action } };
