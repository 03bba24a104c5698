import { stringify } from 'yaml';

/** Fields that a test adds to a kubeconfig, or replaces; undefined takes one away. */
export interface KubeconfigParts {
  cluster?: Record<string, unknown>;
  user?: Record<string, unknown>;
  context?: Record<string, unknown>;
  top?: Record<string, unknown>;
}

export const TEST_TOKEN = 'not-a-real-token-of-a-test';

/** @returns a kubeconfig as kubectl writes it: one cluster, one user with a token, one context. */
export const kubeconfigText = ({ cluster, user, context, top }: KubeconfigParts = {}): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'site-b', cluster: { server: 'https://k8s.example.com:6443', ...cluster } }],
    users: [{ name: 'nkvm', user: { token: TEST_TOKEN, ...user } }],
    contexts: [{ name: 'b', context: { cluster: 'site-b', user: 'nkvm', ...context } }],
    'current-context': 'b',
    preferences: {},
    ...top,
  });
