/**
 * @param kubeconfig YAML as kubectl writes it, or JSON
 * @returns the names of its contexts; none where the text is written in another way: then the current context counts
 */
export function contextNames(kubeconfig: string): string[] {
  const fromJson = ofJson(kubeconfig);
  if (fromJson) return fromJson;
  const [, block = ''] = /^contexts:[ \t]*\n((?:[ -].*(?:\n|$))*)/m.exec(kubeconfig) ?? [];
  return [...block.matchAll(/^ *(?:- )? *name: *(\S.*?)\s*$/gm)].map(([, name = '']) =>
    name.replace(/^(['"])(.*)\1$/, '$2')
  );
}

function ofJson(text: string): string[] | undefined {
  try {
    const { contexts } = JSON.parse(text) as { contexts?: unknown };
    const all: unknown[] = Array.isArray(contexts) ? contexts : [];
    return all.flatMap(each => {
      const { name } = (each ?? {}) as { name?: unknown };
      return typeof name === 'string' ? [name] : [];
    });
  } catch {
    return undefined;
  }
}
