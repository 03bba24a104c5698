import { randomBytes } from 'node:crypto';
import { ADMIN_SERVICE_ACCOUNT, NKVM_NAMESPACE, TOKEN_AUDIENCE } from '../../sidecar/api/names.ts';

/** The user of a kubeconfig, in the words of the API server. */
export interface Person {
  username: string;
  uid?: string;
  groups?: string[];
}

/** An answer in the API server's place, or a request that asks it the same in another way. */
export type Instead =
  | { answer: object }
  | { ask: { path: string; body: object } }
  /** The API server is to answer what was asked. */
  | undefined;

/** Objects as they are posted to the API server; anything may be missing. */
interface Posted {
  spec?: Record<string, unknown>;
  source?: { component?: string };
}

const TOKEN_REQUESTS = `/api/v1/namespaces/${NKVM_NAMESPACE}/serviceaccounts/${ADMIN_SERVICE_ACCOUNT}/token`;
const TOKEN_REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const OWN_EVENTS = /^\/api\/v1\/namespaces\/[^/]+\/events$/;
const OWN_ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/**
 * Tells the sidecar who is at the page, in a cluster without any objects of NKVM: there is no ServiceAccount whose token
 * could be requested, and perhaps no right to review tokens and rights. The token is valid for this one sidecar only, and
 * means the kubeconfig's user. Only the cluster decides what that user may do.
 */
export function introduce(person: Person, token = randomBytes(32).toString('base64url')) {
  return {
    /** Requests of the page. */
    ofPage(path: string, { spec }: Posted): Instead {
      if (path !== TOKEN_REQUESTS) return undefined;
      const seconds = Number(spec?.expirationSeconds) || 600;
      const expirationTimestamp = new Date(Date.now() + seconds * 1000).toISOString();
      return {
        answer: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { ...spec, expirationSeconds: seconds },
          status: { token, expirationTimestamp },
        },
      };
    },

    /** Requests of the sidecar. */
    ofSidecar(path: string, posted: Posted): Instead {
      // The archive is gone when the demo ends: an Event that names it would stay on the claim.
      if (OWN_EVENTS.test(path) && posted.source?.component === 'nkvm') return { answer: posted };
      const { spec } = posted;
      if (path === TOKEN_REVIEWS && spec?.token === token) {
        const status = { authenticated: true, audiences: [TOKEN_AUDIENCE], user: person };
        const kind = 'TokenReview';
        return { answer: { apiVersion: 'authentication.k8s.io/v1', kind, spec: {}, status } };
      }
      if (path === ACCESS_REVIEWS && spec?.user === person.username) {
        // Every user may ask about their own rights.
        const { resourceAttributes, nonResourceAttributes } = spec;
        const apiVersion = 'authorization.k8s.io/v1';
        const kind = 'SelfSubjectAccessReview';
        const body = { apiVersion, kind, spec: { resourceAttributes, nonResourceAttributes } };
        return { ask: { path: OWN_ACCESS_REVIEWS, body } };
      }
      return undefined;
    },
  };
}
