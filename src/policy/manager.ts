import { BACKUP_LABEL } from '../../sidecar/api/names.ts';
import type { ObjectMetadata } from '../api/objects';

/** Something that writes the labels of an object again, and would undo a change. */
export type Manager =
  /** A tool that applies manifests, e.g. `Argo CD`. */
  | { kind: 'tool'; name: string }
  /** The claim comes from the template of a StatefulSet: another claim of it would not have the label. */
  | { kind: 'template'; name: string };

/** Tools by the field manager that they write with. Their documentation names these managers. */
const TOOLS: [RegExp, string][] = [
  [/^argocd/, 'Argo CD'],
  [/^(kustomize-controller|flux)/, 'Flux'],
  [/^helm-controller/, 'Flux (Helm)'],
  [/^helm$/i, 'Helm'],
  [/^(terraform|opentofu)/i, 'Terraform'],
  [/^pulumi/i, 'Pulumi'],
  [/^rancher|^fleet/i, 'Rancher Fleet'],
];

/** Marks that tools leave on objects which they apply with another field manager. */
const MARKS: [(metadata: ObjectMetadata) => string | undefined, string][] = [
  [({ annotations }) => annotations?.['argocd.argoproj.io/tracking-id'], 'Argo CD'],
  [({ labels }) => labels?.['argocd.argoproj.io/instance'], 'Argo CD'],
  [({ labels }) => labels?.['kustomize.toolkit.fluxcd.io/name'], 'Flux'],
  [({ labels }) => labels?.['helm.toolkit.fluxcd.io/name'], 'Flux (Helm)'],
  [({ annotations }) => annotations?.['meta.helm.sh/release-name'], 'Helm'],
];

/** Managers whose writes are no tool's: people, and Kubernetes itself. */
const OTHERS =
  /^(kubectl-(edit|patch|label|annotate)|kube-controller-manager|kube-scheduler|Mozilla|headlamp|nkvm)/i;

/** @param usedBy the StatefulSet that uses the claim, where one does. */
export function managerOf(
  { name, ...metadata }: ObjectMetadata & { name: string },
  usedBy?: string
): Manager | undefined {
  const tool = toolOf(metadata);
  if (tool) return { kind: 'tool', name: tool };
  const isOfTemplate = usedBy !== undefined && new RegExp(`-${escaped(usedBy)}-\\d+$`).test(name);
  return isOfTemplate ? { kind: 'template', name: usedBy } : undefined;
}

function toolOf(metadata: ObjectMetadata): string | undefined {
  for (const { manager = '' } of metadata.managedFields ?? []) {
    const known = TOOLS.find(([pattern]) => pattern.test(manager));
    if (known) return known[1];
  }
  const mark = MARKS.find(([read]) => read(metadata) !== undefined);
  if (mark) return mark[1];
  return metadata.managedFields?.find(
    ({ manager = '', fieldsV1 }) => !OTHERS.test(manager) && ownsLabel(fieldsV1)
  )?.manager;
}

/** Whether the fields of a manager contain the label itself. Source: structured-merge-diff, `fieldsV1`. */
function ownsLabel(fields: Record<string, unknown> = {}): boolean {
  const at = (within: unknown, key: string): unknown =>
    typeof within === 'object' && within ? (within as Record<string, unknown>)[key] : undefined;
  return at(at(at(fields, 'f:metadata'), 'f:labels'), `f:${BACKUP_LABEL}`) !== undefined;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
