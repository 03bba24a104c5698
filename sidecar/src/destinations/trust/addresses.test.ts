import { expect, it } from 'vitest';
import { assertAllowedHost, isRefusedAddress } from './addresses.ts';

it.each<[string, string, boolean]>([
  ['AWS, Google, Azure', '169.254.169.254', true],
  ['AWS for pods', '169.254.170.23', true],
  ['Azure, the agent of the host', '168.63.129.16', true],
  ['its neighbour', '168.63.129.17', false],
  ['Alibaba', '100.100.100.200', true],
  ['a neighbour of Alibaba', '100.100.100.201', false],
  ['mapped into IPv6', '::ffff:169.254.169.254', true],
  ['mapped, in hex', '::ffff:a9fe:a9fe', true],
  ['mapped, written in full', '0:0:0:0:0:FFFF:A9FE:A9FE', true],
  ['compatible', '::169.254.169.254', true],
  ['NAT64', '64:ff9b::a9fe:a9fe', true],
  ['6to4', '2002:a9fe:a9fe::1', true],
  ['6to4 of Alibaba', '2002:6464:64c8::', true],
  ['6to4 of a neighbour', '2002:6464:64c9::', false],
  ['AWS IPv6', 'fd00:ec2::254', true],
  ['AWS IPv6, written in full', 'fd00:0ec2:0:0:0:0:0:0254', true],
  ['OpenStack IPv6, with a zone', 'fe80::a9fe:a9fe%eth0', true],
  ['link-local', 'fe80::1', true],
  ['the end of link-local', 'febf:ffff::1%2', true],
  ['after link-local', 'fec0::1', false],
  ['in brackets', '[fd00:ec2::254]', true],
  ['a private address', '10.0.0.5', false],
  ['another private address', '192.168.1.10', false],
  ['the loopback', '127.0.0.1', false],
  ['a private IPv6 address', 'fd12:3456::1', false],
  ['a public address', '93.184.216.34', false],
  ['a name, which is resolved first', 'metadata.google.internal', false],
  ['a number, which is resolved first', '0xA9FEA9FE', false],
])('%s: %s', (_, address, refused) => expect(isRefusedAddress(address)).toBe(refused));

it('is said with the host', () => {
  const at = { stage: 'copy', place: 'offsite' } as const;
  expect(() => assertAllowedHost('169.254.169.254', at)).toThrow(
    expect.objectContaining({
      reason: 'AddressRefused',
      class: 'needs-action',
      message: expect.stringContaining('169.254.169.254'),
    })
  );
  expect(() => assertAllowedHost('10.0.0.5', at)).not.toThrow();
});
