import { badRequest } from '../store/failure.ts';
import type { Pod } from '../store/object.ts';

/** @returns the container that a request on a pod is about. @throws Failure 400 when it does not say, or wrongly. */
export function containerOf({ metadata, spec }: Pod, wanted: string | null): string {
  const names = [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name);
  const name =
    wanted ||
    metadata.annotations?.['kubectl.kubernetes.io/default-container'] ||
    (spec.containers.length === 1 ? spec.containers[0]!.name : undefined);
  if (!name) {
    throw badRequest(
      `a container name must be specified for pod ${metadata.name}, choose one of: [${names.join(
        ' '
      )}]`
    );
  }
  if (names.includes(name)) return name;
  throw badRequest(`container ${name} is not valid for pod ${metadata.name}`);
}
