import { badRequest, invalid, notFound } from '../store/failure.ts';
import { kindNamed } from '../store/kinds.ts';
import type { ServiceAccount } from '../store/object.ts';
import type { Store } from '../store/store.ts';
import type { Attributes, Rbac } from './rbac.ts';
import { API_AUDIENCE, type Tokens } from './tokens.ts';
import { MASTERS, type User } from './user.ts';

/** Fields of an object as somebody has sent it. */
type Fields = Record<string, any>;

/** Kinds that are asked and answered, and not kept. All of them are only created. */
export const REVIEWS = [
  {
    group: 'authentication.k8s.io',
    plural: 'selfsubjectreviews',
    kind: 'SelfSubjectReview',
    namespaced: false,
  },
  {
    group: 'authentication.k8s.io',
    plural: 'tokenreviews',
    kind: 'TokenReview',
    namespaced: false,
  },
  {
    group: 'authorization.k8s.io',
    plural: 'localsubjectaccessreviews',
    kind: 'LocalSubjectAccessReview',
    namespaced: true,
  },
  {
    group: 'authorization.k8s.io',
    plural: 'selfsubjectaccessreviews',
    kind: 'SelfSubjectAccessReview',
    namespaced: false,
  },
  {
    group: 'authorization.k8s.io',
    plural: 'selfsubjectrulesreviews',
    kind: 'SelfSubjectRulesReview',
    namespaced: false,
  },
  {
    group: 'authorization.k8s.io',
    plural: 'subjectaccessreviews',
    kind: 'SubjectAccessReview',
    namespaced: false,
  },
] as const;

export type Review = (typeof REVIEWS)[number];

/** Answers reviews, and requests for tokens. */
export class Reviews {
  /** How many reviews were answered. */
  answered = 0;
  readonly #store: Store;
  readonly #tokens: Tokens;
  readonly #rbac: Rbac;

  constructor(store: Store, tokens: Tokens, rbac: Rbac) {
    this.#store = store;
    this.#tokens = tokens;
    this.#rbac = rbac;
  }

  /** @returns the object as the API server answers it. @throws Failure 400 or 422. */
  answer({ group, kind, plural }: Review, body: Fields, user: User): object {
    this.answered += 1;
    const { spec = {} } = body;
    const apiVersion = `${group}/v1`;
    const reply = (status: object) => ({ kind, apiVersion, metadata: {}, spec, status });
    switch (plural) {
      case 'tokenreviews':
        return reply(this.#tokenReview(spec));
      case 'selfsubjectreviews':
        return { kind, apiVersion, metadata: {}, status: { userInfo: user } };
      case 'selfsubjectaccessreviews':
        return reply({ allowed: this.#rbac.allows(user, attributesOf(spec)) });
      case 'subjectaccessreviews':
      case 'localsubjectaccessreviews': {
        const { user: username = '', groups = [] } = spec;
        if (!username && groups.length === 0) {
          const detail = 'at least one of user or group must be specified';
          throw refusal([{ type: 'Invalid', field: 'spec.user', value: '', detail }]);
        }
        return reply({ allowed: this.#rbac.allows({ username, groups }, attributesOf(spec)) });
      }
      case 'selfsubjectrulesreviews':
        return reply(this.#rules(spec, user));
    }
  }

  /** The subresource `token` of a ServiceAccount. @throws Failure 404 or 422. */
  issueToken(namespace: string, name: string, body: Fields): object {
    const kind = kindNamed('serviceaccounts');
    const { audiences = [API_AUDIENCE], expirationSeconds = 3600 } = body.spec ?? {};
    const account = this.#store.get<ServiceAccount>(kind, namespace, name);
    if (!account) throw notFound(kind, name);
    if (expirationSeconds < 600) {
      throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
        {
          type: 'Invalid',
          field: 'spec.expirationSeconds',
          value: expirationSeconds,
          detail: 'may not specify a duration less than 10 minutes',
        },
      ]);
    }
    const { token, expires } = this.#tokens.issue(account, audiences, expirationSeconds);
    const { uid } = account.metadata;
    return {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, uid },
      spec: { audiences, expirationSeconds, boundObjectRef: null },
      status: { token, expirationTimestamp: expires.toISOString().replace('.000Z', 'Z') },
    };
  }

  #tokenReview({ token, audiences }: Fields): object {
    if (!token) throw badRequest('token is required for TokenReview in authentication');
    const verdict = this.#tokens.verify(token, audiences);
    if ('error' in verdict) return { user: {}, error: verdict.error };
    return { authenticated: true, user: verdict.user, audiences: verdict.audiences };
  }

  #rules({ namespace }: Fields, user: User): object {
    if (!namespace) throw badRequest('no namespace on request');
    const all = this.#rbac.rulesOf(user, namespace);
    if (user.groups.includes(MASTERS)) {
      all.unshift(
        { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
        { nonResourceURLs: ['*'], verbs: ['*'] }
      );
    }
    return {
      resourceRules: all.filter(rule => rule.resources),
      nonResourceRules: all.filter(rule => rule.nonResourceURLs),
      incomplete: false,
    };
  }
}

function attributesOf({ resourceAttributes, nonResourceAttributes }: Fields): Attributes {
  if (nonResourceAttributes && !resourceAttributes) {
    return { verb: nonResourceAttributes.verb ?? '', path: nonResourceAttributes.path ?? '' };
  }
  if (!resourceAttributes || nonResourceAttributes) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    throw refusal([{ type: 'Invalid', field: 'spec.resourceAttributes', value: null, detail }]);
  }
  const { verb = '', group = '', resource = '', subresource, namespace, name } = resourceAttributes;
  return {
    verb,
    group,
    resource,
    ...(subresource && { subresource }),
    ...(namespace && { namespace }),
    ...(name && { name }),
  };
}

/** The API server's own text has no kind here: `.authorization.k8s.io "" is invalid`. */
const refusal = (problems: Parameters<typeof invalid>[2]) =>
  invalid({ group: 'authorization.k8s.io', kind: '' }, '', problems);
