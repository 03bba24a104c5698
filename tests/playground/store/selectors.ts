import { badRequest } from './failure.ts';
import type { Kind } from './kinds.ts';
import { holds } from './nodeSelector.ts';
import type { KubeObject } from './object.ts';

export type Matcher = (object: KubeObject) => boolean;

type Labels = Record<string, string>;

const KEY = '[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?(/[-A-Za-z0-9_.]+)?';
const SET = new RegExp(`^(?<key>${KEY})\\s+(?<operator>in|notin)\\s*\\((?<values>[^()]*)\\)$`);
const EQUAL = new RegExp(`^(?<key>${KEY})\\s*(?<operator>==?|!=)\\s*(?<values>[-A-Za-z0-9_.]*)$`);
const PRESENT = new RegExp(`^(?<operator>!?)\\s*(?<key>${KEY})$`);

/**
 * Reads a label selector such as `app=shop,tier in (a, b),!canary`.
 * @throws Failure 400 when it cannot be read.
 */
export function labelSelector(text: string): (labels: Labels) => boolean {
  const requirements = text
    .split(/,(?![^()]*\))/)
    .map(part => part.trim())
    .filter(part => part !== '')
    .map(requirement);
  return labels => requirements.every(holds => holds(labels));
}

function requirement(text: string): (labels: Labels) => boolean {
  const set = SET.exec(text)?.groups;
  if (set) {
    const values = set.values!.split(',').map(value => value.trim());
    const isIn = (labels: Labels) => values.includes(labels[set.key!] ?? '\0');
    return set.operator === 'in' ? isIn : labels => !isIn(labels);
  }
  const equal = EQUAL.exec(text)?.groups;
  if (equal) {
    const isEqual = (labels: Labels) => labels[equal.key!] === equal.values;
    return equal.operator === '!=' ? labels => !isEqual(labels) : isEqual;
  }
  const present = PRESENT.exec(text)?.groups;
  if (present) {
    const isThere = (labels: Labels) => labels[present.key!] !== undefined;
    return present.operator === '!' ? labels => !isThere(labels) : isThere;
  }
  throw badRequest(`unable to parse requirement: ${text}`);
}

/** A selector as objects carry it, e.g. in `spec.selector`. */
export interface SetSelector {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/** An empty selector matches all, an absent one nothing. */
export function matchesSelector(selector: SetSelector | undefined, labels: Labels = {}): boolean {
  if (!selector) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(each => holds(each, labels[each.key]))
  );
}

/**
 * Reads a field selector such as `status.phase!=Running,spec.nodeName=node-a`.
 * @throws Failure 400 when the kind does not offer the field.
 */
export function fieldSelector(kind: Kind, text: string): Matcher {
  const requirements = text
    .split(',')
    .filter(part => part !== '')
    .map(part => {
      const parts = /^([^=!]+)(==?|!=)(.*)$/.exec(part);
      if (!parts) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
      const [, field = '', operator, wanted] = parts;
      if (!['metadata.name', 'metadata.namespace', ...kind.fields].includes(field)) {
        throw badRequest(`field label not supported: ${field}`);
      }
      return (object: KubeObject) =>
        (fieldOf(kind, object, field) === wanted) !== (operator === '!=');
    });
  return object => requirements.every(holds => holds(object));
}

/** Absent fields are empty text, as in the API server. */
function fieldOf(kind: Kind, object: KubeObject, field: string): string {
  const path = kind.plural === 'events' && field === 'source' ? 'source.component' : field;
  const value = path
    .split('.')
    .reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], object);
  if (value === undefined || value === null) return field === 'spec.unschedulable' ? 'false' : '';
  return String(value);
}

/** What a list or watch asks for. */
export function matcher(kind: Kind, query: URLSearchParams): Matcher {
  const byLabels = labelSelector(query.get('labelSelector') ?? '');
  const byFields = fieldSelector(kind, query.get('fieldSelector') ?? '');
  return object => byLabels(object.metadata.labels ?? {}) && byFields(object);
}
