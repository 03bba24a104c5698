import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Draft } from '../playground/store/object.ts';

const MANIFESTS = join(import.meta.dirname, '../../deploy/k8s');

/** The playground has no such kinds: it does not evaluate them. */
const LEFT_OUT = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];

/** The namespace and the rights, as the manifests have them; the sidecar itself runs beside the playground. */
export function installation(): Draft[] {
  const rights = readdirSync(join(MANIFESTS, 'rbac'))
    .filter(file => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .map(file => join(MANIFESTS, 'rbac', file));
  return [join(MANIFESTS, 'namespace.yaml'), ...rights]
    .flatMap(file =>
      parseAllDocuments(readFileSync(file, 'utf8')).map(document => document.toJS() as Draft)
    )
    .filter(({ kind }) => !LEFT_OUT.includes(kind ?? ''));
}
