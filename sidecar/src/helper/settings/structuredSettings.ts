import { z } from 'zod';
import { helperLabels } from '../names.ts';
import type { Toleration } from './settings.ts';

/*
 * Each function reads a setting that is YAML or JSON. It throws an Error of one line that says what the setting takes, and
 * names the key at fault, but no value: a value may be a secret.
 */

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** All annotations of an object together; Kubernetes allows 256 KiB, and ours need some. */
const MOST_ANNOTATIONS = 200 * 1024;

/** NKVM finds its helper pods by these labels, and never mistakes another pod for one. */
const OWN_LABELS = Object.keys(helperLabels({ runId: '', attempt: 1, installation: '' }));
const isOwn = (key: string): boolean => OWN_LABELS.includes(key) || key.startsWith('nkvm.io/');

/** Labels of pods or nodes: names and values as Kubernetes allows them. */
export function labelsOf(value: unknown): Record<string, string> {
  const labels = textsOf(value, 'labels');
  for (const [key, text] of Object.entries(labels)) {
    if (text !== '' && !NAME.test(text)) {
      throw new Error(
        `takes label values of at most 63 letters, digits, “-”, “_” and “.”, unlike that of ${key}`
      );
    }
  }
  return labels;
}

/** Annotations of pods. */
export function annotationsOf(value: unknown): Record<string, string> {
  const annotations = textsOf(value, 'annotations');
  const size = Object.entries(annotations).reduce(
    (sum, each) => sum + Buffer.byteLength(each.join('')),
    0
  );
  if (size > MOST_ANNOTATIONS) throw new Error(`takes at most ${MOST_ANNOTATIONS} bytes`);
  return annotations;
}

function textsOf(value: unknown, what: 'labels' | 'annotations'): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`takes ${what} as YAML or JSON, such as {example.com/team: storage}`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      if (!isQualifiedName(key)) {
        throw new Error(`takes names such as example.com/team, unlike “${key}”`);
      }
      if (isOwn(key)) throw new Error(`cannot set ${key}, by which NKVM finds its helper pods`);
      if (typeof text !== 'string') {
        throw new Error(`takes texts as values: put the value of ${key} in quotes`);
      }
      return [key, text];
    })
  );
}

/** `name` or `prefix/name`. */
function isQualifiedName(key: string): boolean {
  const [name = '', prefix, ...more] = key.split('/').reverse();
  return (
    NAME.test(name) &&
    (prefix === undefined || (prefix.length <= 253 && PREFIX.test(prefix))) &&
    more.length === 0
  );
}

const TolerationSchema = z
  .strictObject({
    key: z.string().refine(isQualifiedName, 'takes the name of a taint').optional(),
    operator: z.enum(['Exists', 'Equal'], { error: 'takes Exists or Equal' }).optional(),
    value: z
      .string('takes a text: put it in quotes')
      .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, 'takes the value of a taint')
      .optional(),
    effect: z
      .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'], {
        error: 'takes NoSchedule, PreferNoSchedule or NoExecute',
      })
      .optional(),
    tolerationSeconds: z.int('takes a whole number of seconds').min(0).optional(),
  })
  .refine(({ key, operator }) => key !== undefined || operator === 'Exists', {
    path: ['key'],
    error: 'is needed, unless operator is Exists',
  })
  .refine(({ value, operator }) => operator !== 'Exists' || !value, {
    path: ['value'],
    error: 'cannot be used with operator Exists',
  })
  .refine(
    ({ effect, tolerationSeconds }) => tolerationSeconds === undefined || effect === 'NoExecute',
    { path: ['tolerationSeconds'], error: 'needs effect NoExecute' }
  );

/** `spec.tolerations` of a pod. */
export const tolerationsOf = (value: unknown): Toleration[] =>
  checked(
    z.array(TolerationSchema, {
      error: 'takes a list such as [{key: dedicated, operator: Exists, effect: NoSchedule}]',
    }),
    value
  );

const option = z.string('takes a text: put it in quotes').min(1, 'takes a text').optional();

/** `seLinuxOptions` of a pod. */
export const seLinuxOptionsOf = (value: unknown): Record<string, string> =>
  checked(
    z.strictObject(
      { user: option, role: option, type: option, level: option },
      {
        error: ({ code }) =>
          code === 'invalid_type' ? 'takes fields such as {level: "s0:c10,c20"}' : undefined,
      }
    ),
    value
  );

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, error } = schema.safeParse(value);
  const issue = error?.issues[0];
  if (!issue) return data as T;
  if (issue.code === 'unrecognized_keys') {
    throw new Error(`does not know the field ${issue.keys.join(', ')}`);
  }
  const [first, ...others] = issue.path;
  const where = issue.path.length
    ? `${[typeof first === 'number' ? `entry ${first + 1}` : first, ...others].join(': ')} `
    : '';
  throw new Error(where ? `is wrong: ${where}${issue.message}` : issue.message);
}
