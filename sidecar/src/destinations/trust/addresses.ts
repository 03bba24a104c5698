import { BlockList, isIP } from 'node:net';
import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';

/**
 * Where clouds give the credentials of the machine to every process on it: a person who may write a Secret could make NKVM send
 * requests there. Private addresses are allowed, because that is where storage is.
 */
const IPV4: [string, number][] = [
  ['169.254.0.0', 16], // AWS, Azure, Google, OpenStack, DigitalOcean, Oracle; also AWS 169.254.170.2 and .23 for pods
  ['168.63.129.16', 32], // Azure, the agent of the host
  ['100.100.100.200', 32], // Alibaba
  ['192.0.0.192', 32], // Oracle, classic
];
const IPV6 = [
  'fd00:ec2::254', // AWS
  'fd00:ec2::23', // AWS, EKS Pod Identity
  'fd20:ce::254', // Google
  'fd00:c1::a9fe:a9fe', // Oracle
  'fd00:42::42', // Scaleway
];

const refused = new BlockList();
for (const [address, bits] of IPV4) addWithForms(refused, address, bits);
for (const address of IPV6) refused.addAddress(address, 'ipv6');
refused.addSubnet('fe80::', 10, 'ipv6'); // link-local: OpenStack, and whatever else is on the wire of the node

/** Adds a range of IPv4 addresses, and the IPv6 addresses that stand for them. */
export function addWithForms(list: BlockList, address: string, bits: number): void {
  list.addSubnet(address, bits, 'ipv4'); // covers ::ffff:169.254.169.254 as well
  list.addSubnet(`::${address}`, 96 + bits, 'ipv6'); // "compatible", not used any more
  list.addSubnet(`64:ff9b::${address}`, 96 + bits, 'ipv6'); // NAT64
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const half = (high: number, low: number) => (high * 256 + low).toString(16);
  list.addSubnet(`2002:${half(a, b)}:${half(c, d)}::`, 16 + bits, 'ipv6'); // 6to4
}

/** @param address an IP address, also in brackets or with a zone. @returns false for a name: that is resolved first. */
export const isRefusedAddress = (address: string): boolean => isInList(refused, address);

/** @param address as for `isRefusedAddress` */
export function isInList(list: BlockList, address: string): boolean {
  const plain = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  const family = isIP(plain);
  return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}

/** Code of the error that `lookupAllowed` gives. */
export const ADDRESS_REFUSED = 'NKVM_ADDRESS_REFUSED';

/** @returns an error as a system call would give it, for functions that take a callback; `networkError` puts it in words. */
export const addressRefused = (host: string, address: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${host} is the address ${address} of cloud metadata`), {
    code: ADDRESS_REFUSED,
  });

/**
 * `net.connect` and `tls.connect` ask no `lookup` for a host that is an address, so that each connection needs this, too.
 * @throws StageError (reason `AddressRefused`)
 */
export function assertAllowedHost(host: string, { stage, place }: { stage: Stage; place: string }) {
  if (isRefusedAddress(host)) throw refusedAddress(stage, place, host);
}

/** @param options the cause, where there is one */
export const refusedAddress = (
  stage: Stage,
  place: string,
  host: string,
  options?: ErrorOptions
): StageError =>
  new StageError(
    stage,
    'AddressRefused',
    `destination ${place}: ${host} is an address at which clouds give out credentials`,
    'name the server of the storage; no destination may be at such an address',
    'needs-action',
    options
  );
