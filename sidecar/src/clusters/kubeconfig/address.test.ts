import { expect, it } from 'vitest';
import { AddressRefusedError, lookupBy, whyRefused } from './address.ts';

const METADATA = /credentials/;
const LINK_LOCAL = /link-local/;
const LOOPBACK = /loopback/;
const NO_HOST = /not the address of a host/;
const MANY = /not the address of one host/;

it.each<[string, string, RegExp | undefined]>([
  ['a private address', '10.1.2.3', undefined],
  ['another private address', '192.168.1.10', undefined],
  ['an address behind carrier NAT', '100.64.0.7', undefined],
  ['a private IPv6 address', 'fd12:3456::1', undefined],
  ['a public address', '93.184.216.34', undefined],
  ['a name, which is looked up', 'k8s.example.com', undefined],
  ['a Service of the own cluster', 'api.other.svc', undefined],
  ['metadata of AWS', '169.254.169.254', METADATA],
  ['metadata of Alibaba', '100.100.100.200', METADATA],
  ['metadata of AWS over IPv6', 'fd00:ec2::254', METADATA],
  ['the same in brackets', '[fd00:ec2::254]', METADATA],
  ['metadata mapped into IPv6', '::ffff:169.254.169.254', METADATA],
  ['metadata mapped, in hex', '::ffff:a9fe:a9fe', METADATA],
  ['metadata behind NAT64', '64:ff9b::a9fe:a9fe', METADATA],
  ['metadata of Google by name', 'metadata.google.internal', METADATA],
  ['the same with a dot at its end', 'Metadata.Google.Internal.', METADATA],
  ['its short name', 'metadata', METADATA],
  ['any other link-local address', '169.254.1.1', /credentials|link-local/],
  ['a link-local IPv6 address', 'fe80::1', LINK_LOCAL],
  ['the last of them', 'febf:ffff::1', LINK_LOCAL],
  ['the loopback', '127.0.0.1', LOOPBACK],
  ['another of its addresses', '127.8.9.10', LOOPBACK],
  ['the loopback of IPv6', '::1', LOOPBACK],
  ['the loopback mapped into IPv6', '::ffff:127.0.0.1', LOOPBACK],
  ['the loopback behind NAT64', '64:ff9b::7f00:1', LOOPBACK],
  ['the loopback in 6to4', '2002:7f00:1::', LOOPBACK],
  ['the loopback by name', 'localhost', LOOPBACK],
  ['a name below it', 'api.localhost.', LOOPBACK],
  ['the unspecified address, which is the loopback on Linux', '0.0.0.0', NO_HOST],
  ['its neighbour', '0.1.2.3', NO_HOST],
  ['the unspecified address of IPv6', '::', NO_HOST],
  ['the unspecified address, mapped', '::ffff:0.0.0.0', NO_HOST],
  ['multicast', '224.0.0.1', MANY],
  ['broadcast', '255.255.255.255', MANY],
  ['multicast of IPv6', 'ff02::1', MANY],
])('%s: %s', (_, address, why) => {
  const found = whyRefused(address, { isLoopbackAllowed: false });
  if (why) expect(found).toMatch(why);
  else expect(found).toBeUndefined();
});

it.each(['127.0.0.1', '::1', 'localhost'])('allows %s where the setting says so', address =>
  expect(whyRefused(address, { isLoopbackAllowed: true })).toBeUndefined()
);

it.each(['169.254.169.254', '0.0.0.0', 'fe80::1', 'metadata.google.internal'])(
  'never allows %s',
  address => expect(whyRefused(address, { isLoopbackAllowed: true })).toBeTypeOf('string')
);

const resolved = (name: string, isLoopbackAllowed: boolean) =>
  new Promise((resolve, reject) =>
    lookupBy({ isLoopbackAllowed })(name, { all: true }, (error, addresses) =>
      error ? reject(error) : resolve(addresses)
    )
  );

it('looks at what a name resolves to, each time', async () => {
  await expect(resolved('localhost', false)).rejects.toThrow(AddressRefusedError);
  await expect(resolved('localhost', false)).rejects.toThrow(/localhost resolves to .*loopback/);
  expect(await resolved('localhost', true)).not.toHaveLength(0);
});

it('looks at numbers that the system takes for an address', async () => {
  await expect(resolved('0xA9FEA9FE', true)).rejects.toThrow(/169\.254\.169\.254/);
  await expect(resolved('2852039166', true)).rejects.toThrow(/169\.254\.169\.254/);
});
