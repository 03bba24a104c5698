import type { Gateway } from '../cluster/gateway/gateway.ts';
import { gatewayOf } from '../cluster/gateway/gateway.ts';
import type { ClusterConnection } from './connections.ts';
import type { AddressRules } from './kubeconfig/address.ts';
import { lookupBy } from './kubeconfig/address.ts';

/** A page of 100 objects is some 2 MiB. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * @returns the way to the API server of another cluster, which nobody has to trust: an address is looked at for each connection.
 * Redirects are not followed, answers are not decompressed, and each has a limit. Watches need `remoteWatchLimits` as well. No request is made before the first call.
 */
export const remoteGateway = (
  { kubeConfig }: Pick<ClusterConnection, 'kubeConfig'>,
  rules: AddressRules
): Gateway => gatewayOf(kubeConfig, { lookup: lookupBy(rules), mostBytes: MOST_BYTES });
