import { NKVM_NAMESPACE } from '../../sidecar/api/names.ts';

/** @returns the command that copies the archive out of the pod; undefined for a path that a shell would change. */
export function copyCommand(archive: string): string | undefined {
  const name = archive.split('/').at(-1);
  return /^\/[\w./-]+$/.test(archive)
    ? `kubectl exec -n ${NKVM_NAMESPACE} deploy/nkvm -- cat ${archive} > ${name}`
    : undefined;
}
