import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';

const NAMESPACES = kindNamed('namespaces');
const SERVICE_ACCOUNTS = kindNamed('serviceaccounts');

/**
 * Gives each new namespace its ServiceAccount `default`, at once: pods that come in the same request need it.
 * @returns how to end it.
 */
export const startNewNamespaces = (objects: Objects): (() => void) =>
  objects.store.subscribe(NAMESPACES, ({ type, object }) => {
    if (type !== 'ADDED') return;
    objects.create(SERVICE_ACCOUNTS, object.metadata.name, { metadata: { name: 'default' } });
  });
