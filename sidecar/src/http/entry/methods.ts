/** Which methods each path of the API has. */
export interface Methods {
  /** @param pattern as the router takes it, e.g. `/api/v1/backups/:id`. */
  add(method: string | readonly string[], pattern: string): void;
  /**
   * @returns the methods that this path has, sorted; none: there is no such path. A path without parameters comes before one
   *   that has them, as in the OpenAPI document.
   */
  of(path: string): string[];
}

/** Knows the methods of a path, for the answer to another one: the router only says that there is no such route. */
export function methodsOfPaths(): Methods {
  const patterns = new Map<string, { matches: RegExp; methods: Set<string> }>();
  return {
    add(method, pattern) {
      const known = patterns.get(pattern) ?? { matches: regExpOf(pattern), methods: new Set() };
      patterns.set(pattern, known);
      for (const each of [method].flat()) known.methods.add(each);
    },
    of: path =>
      (patterns.has(path) ? [patterns.get(path)!] : [...patterns.values()])
        .filter(({ matches }) => matches.test(path))
        .flatMap(({ methods }) => [...methods])
        .filter((each, at, all) => all.indexOf(each) === at)
        .sort(),
  };
}

/** The router's parameters begin with a colon and end with the segment. */
const regExpOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('/')
      .map(part =>
        part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      )
      .join('/')}$`
  );
