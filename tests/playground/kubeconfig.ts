import { stringify } from 'yaml';

/** @returns the text of a kubeconfig with one context, `playground`. */
export const kubeconfig = (server: string, user: string, token: string): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    // Without it the client refuses plain HTTP.
    clusters: [{ name: 'playground', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'playground', context: { cluster: 'playground', user } }],
    'current-context': 'playground',
  });
