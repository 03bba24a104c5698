import type { StartDrill } from '../../sidecar/api';

/** What a person has typed. */
export interface TypedDrill {
  image: string;
  /** For a shell. */
  command: string;
  storageClass: string;
}

/** @returns the request; undefined: one of image and command is missing. */
export function drillOf({ image, command, storageClass }: TypedDrill): StartDrill | undefined {
  const isChecked = image.trim() !== '' || command.trim() !== '';
  if (isChecked && (!image.trim() || !command.trim())) return undefined;
  return {
    ...(isChecked && { image: image.trim(), command: ['sh', '-c', command.trim()] }),
    ...(storageClass.trim() && { storageClass: storageClass.trim() }),
  };
}
