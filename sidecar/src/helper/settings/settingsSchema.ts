import { parseDocument } from 'yaml';
import { z } from 'zod';
import { milliOf } from '../../cluster/limits/quantity.ts';
import type { HelperSettings } from './settings.ts';
import { annotationsOf, labelsOf, seLinuxOptionsOf, tolerationsOf } from './structuredSettings.ts';

/** No helper works with less: tar, gzip and two small Node processes. */
const LEAST_MEMORY_MI = 64;

const CPU = /^(\d+m|\d+(\.\d{1,3})?)$/;
const MEMORY = /^\d+(Mi|Gi)$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** Kubernetes takes user and group ids from 0 to this one. */
const MOST_ID = 2_147_483_647;

const cpu = z.string().regex(CPU, 'takes an amount of CPU such as 250m or 2');
const memory = z.string().regex(MEMORY, 'takes an amount of memory such as 512Mi or 2Gi');
const objectName = z
  .string()
  .max(253, 'takes at most 253 characters')
  .regex(SUBDOMAIN, 'takes the name of a Kubernetes object');
const id = z.coerce
  .number<string>({ error: `takes a number from 0 to ${MOST_ID}` })
  .int(`takes a whole number from 0 to ${MOST_ID}`)
  .min(0, `takes a number from 0 to ${MOST_ID}`)
  .max(MOST_ID, `takes a number from 0 to ${MOST_ID}`);

/** @returns a schema for items that are separated by commas or spaces. */
const listOf = <T>(item: z.ZodType<T, string>) =>
  z
    .string()
    .transform(text => text.split(/[\s,]+/).filter(each => each !== ''))
    .pipe(z.array(item).transform(items => [...new Set(items)]));

/**
 * @returns a schema for one variable that holds YAML, or JSON, which is YAML too.
 * @param read throws an Error whose message says what the variable takes
 */
const yaml = <T>(read: (value: unknown) => T) =>
  z.string().transform((text, context): T => {
    try {
      return read(parsed(text));
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });

function parsed(text: string): unknown {
  const document = parseDocument(text);
  // The parser's own message quotes the value.
  if (document.errors.length > 0) throw new Error('takes YAML or JSON, and its text is neither');
  return document.toJS();
}

const map = '{name: value} as YAML or JSON';

/** The settings of helper pods, their defaults and purposes. */
export const HELPER_SETTINGS = {
  NKVM_HELPER_IMAGE: z
    .string()
    .regex(/^\S+$/, 'takes the name of an image')
    .optional()
    .describe(
      'image of the helper pods; default: the one of NKVM’s own pod, or outside of a cluster `docker.io/nkvm/nkvm:dev`'
    ),
  NKVM_HELPER_ARCHITECTURES: z
    .string()
    .default('amd64,arm64')
    .pipe(
      listOf(z.string().regex(/^[a-z0-9]+$/, 'takes architectures such as amd64,arm64')).refine(
        all => all.length > 0,
        'takes at least one architecture'
      )
    )
    .describe(
      'architectures that the image is built for, separated by commas: helper pods run only on nodes whose label `kubernetes.io/arch` is one of them'
    ),
  NKVM_HELPER_IMAGE_PULL_SECRETS: listOf(objectName)
    .optional()
    .describe(
      'Secrets for a private registry, separated by commas; they must be in the namespace of the volume'
    ),
  NKVM_HELPER_CPU_REQUEST: cpu.default('50m').describe('CPU that a helper pod asks its node for'),
  NKVM_HELPER_CPU_LIMIT: cpu
    .refine(amount => (milliOf(amount) ?? 0) >= 10, 'takes at least 10m')
    .optional()
    .describe(
      'CPU limit of a helper pod; without it there is none, unless a quota or LimitRange of the namespace demands one'
    ),
  NKVM_HELPER_MEMORY_REQUEST: memory
    .default(`${LEAST_MEMORY_MI}Mi`)
    .describe('memory that a helper pod asks its node for'),
  NKVM_HELPER_MEMORY_LIMIT: memory
    .refine(amount => (milliOf(amount) ?? 0) >= LEAST_MEMORY_MI * 1024 * 1024 * 1000, {
      error: `takes at least ${LEAST_MEMORY_MI}Mi, which every helper needs`,
    })
    .default('512Mi')
    .describe(
      'memory limit of a helper pod; millions of hard links, of names in one directory, or of entries to restore (90 bytes each) need more'
    ),
  NKVM_HELPER_COMPRESSORS: z.coerce
    .number({ error: 'takes a whole number from 1 to 64' })
    .int('takes a whole number from 1 to 64')
    .min(1, 'takes a whole number from 1 to 64')
    .max(64, 'takes a whole number from 1 to 64')
    .default(4)
    .describe(
      'how many compressors a helper pod may run beside each other; there are never more than the node has idle cores, and each takes 64Mi, all together at most a quarter of the memory limit'
    ),
  NKVM_HELPER_LABELS: yaml(labelsOf)
    .optional()
    .describe(`more labels for helper pods, ${map}; NKVM’s own labels cannot be changed`),
  NKVM_HELPER_ANNOTATIONS: yaml(annotationsOf)
    .optional()
    .describe(`more annotations for helper pods, ${map}`),
  NKVM_HELPER_TOLERATIONS: yaml(tolerationsOf)
    .optional()
    .describe(
      'taints that helper pods tolerate: a list as in `spec.tolerations` of a pod, as YAML or JSON'
    ),
  NKVM_HELPER_NODE_SELECTOR: yaml(labelsOf)
    .optional()
    .describe(
      `labels of the nodes that helper pods run on, ${map}; a volume that only one node can reach is read there, whatever its labels`
    ),
  NKVM_HELPER_PRIORITY_CLASS: objectName
    .optional()
    .describe('PriorityClass of the helper pods; without it, the default of the cluster'),
  NKVM_HELPER_SERVICE_ACCOUNT: objectName
    .optional()
    .describe(
      'ServiceAccount of the helper pods in the namespace of the volume, without it `default`; helper pods never get its token'
    ),
  NKVM_HELPER_RUN_AS_USER: id
    .default(0)
    .describe(
      'user id of the helper; any but 0 has no capabilities, reads only what that user may read, and fits Pod Security level restricted'
    ),
  NKVM_HELPER_RESTRICTED: z
    .enum(['auto', 'always', 'never'], { error: 'takes one of: auto, always, never' })
    .default('auto')
    .describe(
      'where helper pods that read a volume run as the user of its pods, so that they fit Pod Security level restricted: `auto` in namespaces labelled with that level; `always` also in those without such a label; `never`. A backup fails before anything is packed where that user cannot read a file'
    ),
  NKVM_HELPER_RUN_AS_GROUP: id.default(0).describe('group id of the helper'),
  NKVM_HELPER_SUPPLEMENTAL_GROUPS: listOf(id)
    .optional()
    .describe('more group ids of the helper, separated by commas, e.g. for NFS with root_squash'),
  NKVM_HELPER_SELINUX_OPTIONS: yaml(seLinuxOptionsOf)
    .optional()
    .describe(
      'SELinux context of the helper, as in `seLinuxOptions` of a pod, e.g. {level: "s0:c10,c20"} or {type: spc_t}'
    ),
} as const;

type Values = z.output<z.ZodObject<typeof HELPER_SETTINGS>>;

/** Adds a problem for each limit that is smaller than its request, which Kubernetes does not accept. */
export function checkRequests(values: Values, context: z.core.$RefinementCtx): void {
  for (const what of ['CPU', 'MEMORY'] as const) {
    const limit = values[`NKVM_HELPER_${what}_LIMIT`];
    const request = values[`NKVM_HELPER_${what}_REQUEST`];
    if (limit === undefined || (milliOf(request) ?? 0) <= (milliOf(limit) ?? 0)) continue;
    context.addIssue({
      code: 'custom',
      path: [`NKVM_HELPER_${what}_REQUEST`],
      message: `takes at most NKVM_HELPER_${what}_LIMIT, which is ${limit}`,
    });
  }
}

/** @returns the settings as fields of a pod. Which image it is may not be known before the own pod is. */
export const helperSettingsOf = (values: Values): Omit<HelperSettings, 'image'> => ({
  architectures: values.NKVM_HELPER_ARCHITECTURES,
  resources: {
    requests: {
      cpu: values.NKVM_HELPER_CPU_REQUEST,
      memory: values.NKVM_HELPER_MEMORY_REQUEST,
    },
    limits: {
      ...(values.NKVM_HELPER_CPU_LIMIT && { cpu: values.NKVM_HELPER_CPU_LIMIT }),
      memory: values.NKVM_HELPER_MEMORY_LIMIT,
    },
  },
  compressors: values.NKVM_HELPER_COMPRESSORS,
  labels: values.NKVM_HELPER_LABELS ?? {},
  annotations: values.NKVM_HELPER_ANNOTATIONS ?? {},
  tolerations: values.NKVM_HELPER_TOLERATIONS ?? [],
  nodeSelector: values.NKVM_HELPER_NODE_SELECTOR ?? {},
  priorityClass: values.NKVM_HELPER_PRIORITY_CLASS,
  pullSecrets: values.NKVM_HELPER_IMAGE_PULL_SECRETS ?? [],
  serviceAccount: values.NKVM_HELPER_SERVICE_ACCOUNT,
  runAsUser: values.NKVM_HELPER_RUN_AS_USER,
  runAsGroup: values.NKVM_HELPER_RUN_AS_GROUP,
  supplementalGroups: values.NKVM_HELPER_SUPPLEMENTAL_GROUPS ?? [],
  seLinuxOptions: values.NKVM_HELPER_SELINUX_OPTIONS,
});
