import {
  ADMIN_SERVICE_ACCOUNT,
  NKVM_NAMESPACE,
  TOKEN_AUDIENCE,
} from '../../../sidecar/api/names.ts';
import { kubectl } from './kubectl.ts';

/** @returns a token of a ServiceAccount as the plugin gets it, valid for ten minutes. */
export function token(
  name = ADMIN_SERVICE_ACCOUNT,
  namespace = NKVM_NAMESPACE,
  audience = TOKEN_AUDIENCE
): string {
  const limits = [`--audience=${audience}`, '--duration=10m'];
  return kubectl(['create', 'token', name, `--namespace=${namespace}`, ...limits]).trim();
}
