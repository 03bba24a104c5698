/** Why a container cannot have its image. */
export interface ImageProblem {
  reason: 'ErrImageNeverPull' | 'ErrImagePull' | 'InvalidImageName';
  message: string;
}

const REFERENCE = /^[a-z0-9]+([._:/-]+[a-z0-9]+)*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/i;

/** @returns the name in full, e.g. `docker.io/library/busybox:latest` for `busybox`. */
export function fullName(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const hasRegistry = rest.length > 0 && /[.:]|^localhost$/.test(first);
  const path = hasRegistry ? image : `docker.io/${rest.length ? '' : 'library/'}${image}`;
  return /:[\w.-]+$|@sha256:/.test(path) ? path : `${path}:latest`;
}

/** @param exists which images there are, by their full names. A container has no use for what is in them. */
export function imageProblem(
  image: string,
  pullPolicy: string | undefined,
  exists: RegExp
): ImageProblem | undefined {
  if (!REFERENCE.test(image)) {
    return {
      reason: 'InvalidImageName',
      message: `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
    };
  }
  if (exists.test(fullName(image))) return undefined;
  if (pullPolicy === 'Never') {
    return {
      reason: 'ErrImageNeverPull',
      message: `Container image "${image}" is not present with pull policy of Never`,
    };
  }
  const name = fullName(image);
  return {
    reason: 'ErrImagePull',
    message: `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`,
  };
}
