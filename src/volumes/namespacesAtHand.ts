/**
 * The namespaces of a cluster that a user without administrator rights may ask for: those of the filter, or those that Headlamp's settings
 * allow there, or the one that the cluster's configuration names.
 *
 * @param configured is empty where the configuration names none.
 */
export function namespacesAtHand(
  selected: string[],
  allowed: string[],
  configured: string | undefined
): string[] {
  if (selected.length > 0) return selected;
  if (allowed.length > 0) return allowed;
  return [configured || 'default'];
}

/** @returns Headlamp's setting "Allowed namespaces" of a cluster. Plugins get no function for it. */
export function allowedNamespaces(
  cluster: string,
  storage: Pick<Storage, 'getItem'> = localStorage
): string[] {
  const listed = parsed(storage.getItem(`cluster_settings.${cluster}`));
  const resolved = parsed(storage.getItem(`cluster_allowed_namespaces_selector_cache.${cluster}`));
  const isSelected = listed.allowedNamespacesSelector === resolved.selector;
  const all = [
    ...strings(listed.allowedNamespaces),
    ...(isSelected ? strings(resolved.namespaces) : []),
  ];
  return [...new Set(all)].sort();
}

function parsed(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const strings = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.filter((each): each is string => typeof each === 'string' && each !== '')
    : [];
