/** Who makes a request. */
export interface User {
  username: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

export const ANONYMOUS: User = {
  username: 'system:anonymous',
  groups: ['system:unauthenticated'],
};

/** May do everything: RBAC is not asked. */
export const MASTERS = 'system:masters';

/** @returns a user who was authenticated; a ServiceAccount's name brings the groups of ServiceAccounts along. */
export function authenticated(username: string, groups: readonly string[] = []): User {
  const namespace = /^system:serviceaccount:([^:]+):[^:]+$/.exec(username)?.[1];
  const implied = namespace
    ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
    : [];
  return { username, groups: [...implied, ...groups, 'system:authenticated'] };
}
