import { useLocation, useParams } from 'react-router-dom';
import { useClusterRef } from './otherClusters/useClusterRef';
import { NAMESPACE_PARAMETER } from './routes';

interface RunAddress {
  cluster: string;
  id: string;
  /** Of the volume of the run, where it is known. */
  namespace?: string;
}

/** @returns the run that the address of a page names. */
export function useRunAddress(): RunAddress {
  const { id } = useParams<{ id: string }>();
  const namespace = new URLSearchParams(useLocation().search).get(NAMESPACE_PARAMETER) ?? undefined;
  return { cluster: useClusterRef(), id, namespace };
}
