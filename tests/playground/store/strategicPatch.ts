type Json = unknown;
type JsonObject = Record<string, Json>;

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * By which field the entries of a list are told apart (`x-kubernetes-patch-merge-key` of the built-in kinds). Where two
 * kinds differ, the first field that all entries have is taken. A list that is not here is replaced.
 */
const MERGE_KEYS: Record<string, readonly string[]> = {
  addresses: ['type'],
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  ephemeralContainers: ['name'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  ports: ['containerPort', 'port'],
  secrets: ['name'],
  taints: ['key'],
  topologySpreadConstraints: ['topologyKey'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};

/** Lists of plain values that are merged as sets. */
const SETS = ['finalizers'];

/**
 * Strategic merge patch, with the directives `$patch` (delete, replace) and `$deleteFromPrimitiveList`; the order that
 * `$setElementOrder` asks for is not kept.
 * @param field the name of the field whose value is `target`.
 */
export function strategicPatch(target: Json, patch: Json, field = ''): Json {
  if (Array.isArray(patch)) return mergeLists(target, patch, field);
  if (!isObject(patch)) return patch;
  if (patch.$patch === 'delete') return undefined;
  const { $patch, ...fields } = patch;
  const merged: JsonObject = isObject(target) && $patch !== 'replace' ? { ...target } : {};
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith('$deleteFromPrimitiveList/')) {
      const list = name.slice(name.indexOf('/') + 1);
      const gone = value as Json[];
      if (Array.isArray(merged[list])) {
        merged[list] = merged[list].filter(each => !gone.includes(each));
      }
    } else if (name.startsWith('$')) continue;
    else if (value === null) delete merged[name];
    else {
      const next = strategicPatch(merged[name], value, name);
      if (next === undefined) delete merged[name];
      else merged[name] = next;
    }
  }
  return merged;
}

function mergeLists(target: Json, patch: Json[], field: string): Json[] {
  const present = Array.isArray(target) ? target : [];
  if (SETS.includes(field)) return [...new Set([...present, ...patch])];
  if (patch.some(entry => isObject(entry) && entry.$patch === 'replace')) {
    return patch.filter(entry => !(isObject(entry) && '$patch' in entry));
  }
  const key = MERGE_KEYS[field]?.find(name =>
    patch.every(entry => isObject(entry) && name in entry)
  );
  if (!key) return patch;
  const merged = [...present];
  for (const entry of patch as JsonObject[]) {
    const at = merged.findIndex(each => isObject(each) && each[key] === entry[key]);
    const next = strategicPatch(at < 0 ? {} : merged[at], entry);
    if (next === undefined) merged.splice(at, at < 0 ? 0 : 1);
    else if (at < 0) merged.push(next);
    else merged[at] = next;
  }
  return merged;
}
