import { textOf } from '../../errors.ts';
import { ApiFailure } from '../gateway/apiFailure.ts';

/**
 * Says why one resource cannot be read now, and what to do where an administrator can do something.
 * @param remedy what gives the rights to list and watch it
 */
export function watchProblem(
  resource: string,
  error: unknown,
  remedy = 'bind ClusterRole nkvm-cluster-discovery'
): string {
  if (!(error instanceof ApiFailure)) return `${resource}: ${textOf(error)}`;
  switch (error.status) {
    case 401:
      return `${resource}: the API server does not accept the credentials of NKVM (${error.message})`;
    case 403:
      return `${resource}: the rights list and watch are missing, ${remedy} (${error.message})`;
    default:
      return `${resource}: ${error.message}`;
  }
}
