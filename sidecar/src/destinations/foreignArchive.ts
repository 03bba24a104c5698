import { DestinationName, LOCAL_DESTINATION } from '../../api/index.ts';

/** An archive that no backup in the history has. */
export interface ForeignArchive {
  /** Name of the destination. */
  destination: string;
  key: string;
}

/** @param text `KEY` of the destination of the settings, or `DESTINATION/KEY`; a key has no slash */
export function foreignArchive(text: string): ForeignArchive {
  const slash = text.indexOf('/');
  const name = DestinationName.safeParse(text.slice(0, Math.max(slash, 0)));
  return name.success
    ? { destination: name.data, key: text.slice(slash + 1) }
    : { destination: LOCAL_DESTINATION, key: text };
}

/** @returns how a request names it. */
export const foreignName = ({ destination, key }: ForeignArchive): string =>
  destination === LOCAL_DESTINATION ? key : `${destination}/${key}`;
