import { type FieldProblem, invalid } from '../store/failure.ts';
import { type Kind, resourceName } from '../store/kinds.ts';
import { nameProblem } from '../store/names.ts';
import type { KubeObject } from '../store/object.ts';

/** Fields of an object as somebody has sent it. */
type Fields = Record<string, any>;

/**
 * Refuses what the API server would refuse, for the mistakes that people make and clients handle. Most of its
 * validation is not here.
 * @throws Failure 422.
 */
export function validateNew(kind: Kind, object: KubeObject): void {
  const problems = [...nameProblems(kind, object), ...(NEW[resourceName(kind)]?.(object) ?? [])];
  if (problems.length) throw invalid(kind, object.metadata.name, problems);
}

/** @throws Failure 422 when a field was changed that must stay. */
export function validateChange(kind: Kind, object: KubeObject, previous: KubeObject): void {
  const problems = CHANGED[resourceName(kind)]?.(object, previous) ?? [];
  if (problems.length) throw invalid(kind, object.metadata.name, problems);
}

function nameProblems(kind: Kind, { metadata }: KubeObject): FieldProblem[] {
  const detail = nameProblem(metadata.name, kind.group === 'rbac.authorization.k8s.io');
  return detail ? [{ type: 'Invalid', field: 'metadata.name', value: metadata.name, detail }] : [];
}

const required = (field: string, detail?: string): FieldProblem => ({
  type: 'Required',
  field,
  ...(detail && { detail }),
});

const NEW: Record<string, (object: Fields) => FieldProblem[]> = {
  pods: ({ spec }) => podProblems(spec, 'spec'),
  persistentvolumeclaims: ({ spec }) => [
    ...(spec.accessModes?.length
      ? []
      : [required('spec.accessModes', 'at least 1 access mode is required')]),
    ...(spec.resources?.requests?.storage ? [] : [required('spec.resources[storage]')]),
  ],
  persistentvolumes: ({ spec }) => [
    ...(spec.accessModes?.length ? [] : [required('spec.accessModes')]),
    ...(spec.capacity?.storage ? [] : [required('spec.capacity')]),
  ],
  services: ({ spec }) =>
    spec.ports?.length || spec.type === 'ExternalName' || spec.clusterIP === 'None'
      ? []
      : [required('spec.ports')],
  'deployments.apps': workloadProblems,
  'replicasets.apps': workloadProblems,
  'statefulsets.apps': workloadProblems,
  'daemonsets.apps': workloadProblems,
  'jobs.batch': ({ spec }) => podProblems(spec.template?.spec ?? {}, 'spec.template.spec'),
};

function workloadProblems({ spec }: Fields): FieldProblem[] {
  const labels = spec.template?.metadata?.labels ?? {};
  const wanted = Object.entries(spec.selector?.matchLabels ?? {});
  return [
    ...(spec.selector ? [] : [required('spec.selector')]),
    ...(wanted.every(([name, value]) => labels[name] === value)
      ? []
      : [
          {
            type: 'Invalid' as const,
            field: 'spec.template.metadata.labels',
            value: labels,
            detail: '`selector` does not match template `labels`',
          },
        ]),
    ...podProblems(spec.template?.spec ?? {}, 'spec.template.spec', spec.volumeClaimTemplates),
  ];
}

/** @param claims templates of a StatefulSet: their names are names of volumes, too. */
function podProblems(spec: Fields, path: string, claims: Fields[] = []): FieldProblem[] {
  if (!spec.containers?.length) return [required(`${path}.containers`)];
  const volumes = new Set([
    ...(spec.volumes ?? []).map(({ name }: Fields) => name),
    ...claims.map(({ metadata }) => metadata?.name),
  ]);
  return spec.containers.flatMap((container: Fields, i: number): FieldProblem[] => [
    ...(container.name ? [] : [required(`${path}.containers[${i}].name`)]),
    ...(container.image ? [] : [required(`${path}.containers[${i}].image`)]),
    ...(container.volumeMounts ?? []).flatMap((mount: Fields, j: number): FieldProblem[] =>
      volumes.has(mount.name)
        ? []
        : [
            {
              type: 'Invalid',
              field: `${path}.containers[${i}].volumeMounts[${j}].name`,
              value: mount.name,
              detail: 'must match a volume',
            },
          ]
    ),
  ]);
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const CHANGED: Record<string, (object: Fields, previous: Fields) => FieldProblem[]> = {
  persistentvolumeclaims(object, previous) {
    // A claim gets its volume after creation, and may ask for more room.
    const fixed = ({ spec }: Fields) => ({ ...spec, resources: null, volumeName: null });
    return isSame(sorted(fixed(object)), sorted(fixed(previous))) ? [] : [CLAIM_IMMUTABLE];
  },
  pods(object, previous) {
    const fixed = ({ spec }: Fields) => ({
      ...spec,
      containers: spec.containers?.map((container: Fields) => ({ ...container, image: null })),
      activeDeadlineSeconds: null,
      tolerations: null,
      nodeName: null,
    });
    return isSame(sorted(fixed(object)), sorted(fixed(previous))) ? [] : [POD_IMMUTABLE];
  },
  'rolebindings.rbac.authorization.k8s.io': roleRefStays,
  'clusterrolebindings.rbac.authorization.k8s.io': roleRefStays,
};

const CLAIM_IMMUTABLE: FieldProblem = {
  type: 'Forbidden',
  field: 'spec',
  detail:
    'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
};

const POD_IMMUTABLE: FieldProblem = {
  type: 'Forbidden',
  field: 'spec',
  detail:
    'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
    '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
    '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
};

function roleRefStays(object: Fields, previous: Fields): FieldProblem[] {
  return isSame(sorted(object.roleRef), sorted(previous.roleRef))
    ? []
    : [
        {
          type: 'Invalid',
          field: 'roleRef',
          value: object.roleRef,
          detail: 'cannot change roleRef',
        },
      ];
}

/** With the fields of objects in one order, so that they can be compared as text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, sorted(each)])
  );
}
