/** A condition on labels, as Kubernetes writes it: `team=shop,env in (prod, test),!legacy`. */
export interface LabelSelector {
  text: string;
  matches(labels: Readonly<Record<string, string>>): boolean;
}

type Requirement = LabelSelector['matches'];

const NAME = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const PREFIX = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const KEY = new RegExp(`^(${PREFIX}/)?${NAME}$`);
const VALUE = new RegExp(`^(${NAME})?$`);
const MOST_PREFIX = 253;

/**
 * Reads a selector as the API server does. An empty one, which would select everything, is wrong here.
 * @throws Error that says what is wrong, as the end of a sentence about the setting
 */
export function labelSelectorOf(text: string): LabelSelector {
  const all = partsOf(text).map(requirementOf);
  return { text, matches: labels => all.every(matches => matches(labels)) };
}

/** @returns what is between commas outside of parentheses. */
const partsOf = (text: string): string[] => text.split(/,(?![^(]*\))/).map(part => part.trim());

function requirementOf(part: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    checkKey(key);
    const values = list.split(',').map(value => checkedValue(value.trim()));
    const isIn: Requirement = labels =>
      Object.hasOwn(labels, key) && values.includes(labels[key] ?? '');
    return operator === 'in' ? isIn : labels => !isIn(labels);
  }
  const equal = /^([^=!\s]+)\s*(=|==|!=)\s*([^=!\s]*)$/.exec(part);
  if (equal) {
    const [, key = '', operator, value = ''] = equal;
    checkKey(key);
    checkedValue(value);
    const is: Requirement = labels => Object.hasOwn(labels, key) && labels[key] === value;
    return operator === '!=' ? labels => !is(labels) : is;
  }
  const isAbsent = part.startsWith('!');
  const key = isAbsent ? part.slice(1).trim() : part;
  checkKey(key);
  return labels => Object.hasOwn(labels, key) !== isAbsent;
}

function checkKey(key: string): void {
  if (KEY.test(key) && (key.split('/').at(-2) ?? '').length <= MOST_PREFIX) return;
  throw new Error(
    'takes a label selector such as team=shop,env in (prod, test),!legacy: one of its parts is not a condition'
  );
}

function checkedValue(value: string): string {
  if (VALUE.test(value)) return value;
  throw new Error('takes a label selector: one of its values cannot be that of a label');
}
