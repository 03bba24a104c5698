import type { OpenNamespaces } from '../../backup/request/openNamespaces.ts';

/**
 * @param isLabelled whether the labels of a namespace match NKVM_NAMESPACE_SELECTOR; true where that is not set
 * @returns what says whether claims of a namespace may get their data when they are made. Their volumes are filled in a namespace of
 *   NKVM's own, so that no right in theirs is needed; a namespace that was opened by itself needs no label.
 */
export const selectedBy =
  (isLabelled: (namespace: string) => boolean, open: Pick<OpenNamespaces, 'ask'>) =>
  async (namespace: string): Promise<boolean | 'unknown'> => {
    if (isLabelled(namespace)) return true;
    const isOpen = await open.ask(namespace);
    return isOpen === 'unknown' ? isOpen : isOpen === true;
  };
