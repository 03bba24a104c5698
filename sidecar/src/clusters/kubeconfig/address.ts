import { lookup } from 'node:dns';
import { BlockList, type LookupFunction } from 'node:net';
import { addWithForms, isInList, isRefusedAddress } from '../../destinations/trust/addresses.ts';

/** Addresses that no API server of a remote cluster has. Private ones are allowed: that is where clusters are. */
export interface AddressRules {
  /** For tests, and for NKVM on a person's machine. In a pod, it is the pod itself. */
  isLoopbackAllowed: boolean;
}

const unspecified = new BlockList();
addWithForms(unspecified, '0.0.0.0', 8);
unspecified.addAddress('::', 'ipv6');

const ofMany = new BlockList();
addWithForms(ofMany, '224.0.0.0', 3); // multicast, reserved, broadcast
ofMany.addSubnet('ff00::', 8, 'ipv6');

const loopback = new BlockList();
addWithForms(loopback, '127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Names by which clouds give out the credentials of a machine, wherever they resolve to. */
const METADATA_NAMES =
  /^(metadata|instance-data|metadata\.google\.internal|metadata\.goog|instance-data\.ec2\.internal|metadata\.tencentyun\.com|metadata\.platformequinix\.com)$/;
const LOOPBACK_NAMES =
  /^(localhost|.+\.localhost|localhost\.localdomain|ip6-localhost|ip6-loopback)$/;

/**
 * @param address an IP address, or a name, which must be looked up as well
 * @returns what is wrong with it; undefined when it is allowed
 */
export function whyRefused(
  address: string,
  { isLoopbackAllowed }: AddressRules
): string | undefined {
  const name = address.toLowerCase().replace(/\.$/, '');
  if (isRefusedAddress(address) || METADATA_NAMES.test(name))
    return 'is a link-local address, or another at which clouds give out credentials';
  // Before "unspecified": in its IPv4-compatible form, ::1 lies in that range.
  if (isInList(loopback, address) || LOOPBACK_NAMES.test(name))
    return isLoopbackAllowed ? undefined : 'is the loopback, which is NKVM itself';
  if (isInList(unspecified, address)) return 'is not the address of a host';
  if (isInList(ofMany, address)) return 'is not the address of one host';
  return undefined;
}

/** An address that was refused when NKVM connected. */
export class AddressRefusedError extends Error {
  readonly code = 'NKVM_ADDRESS_REFUSED';
}

/**
 * Resolves a name like `dns.lookup`, and fails when one of its addresses is refused. It is asked for each connection, so that a
 * name whose address changes between two of them gains nothing. Node does not ask it for a host that is an address.
 */
export const lookupBy =
  (rules: AddressRules): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const failure = error ?? refusalOf(hostname, addresses, rules);
      if (failure) callback(failure, options.all ? [] : '', 0);
      else if (options.all) callback(null, addresses);
      else callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 0);
    });
  };

function refusalOf(
  hostname: string,
  addresses: { address: string }[],
  rules: AddressRules
): AddressRefusedError | undefined {
  for (const { address } of addresses) {
    const why = whyRefused(address, rules);
    if (why !== undefined)
      return new AddressRefusedError(`${hostname} resolves to ${address}, which ${why}`);
  }
  return undefined;
}
