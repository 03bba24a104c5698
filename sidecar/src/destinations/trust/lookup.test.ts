import { expect, it } from 'vitest';
import { lookupAllowed, resolveAllowed } from './lookup.ts';

const at = { stage: 'copy', place: 'offsite' } as const;
const looked = (host: string, all: boolean) =>
  new Promise((resolve, reject) =>
    lookupAllowed(host, { all }, (error, address, family) =>
      error ? reject(error) : resolve(all ? address : { address, family })
    )
  );

it.each(['0xA9FEA9FE', '2852039166', '0251.0376.0251.0376', '169.254.43518'])(
  'a host that is a metadata address in another form, %s, is refused',
  async host => {
    await expect(looked(host, false)).rejects.toMatchObject({ code: 'NKVM_ADDRESS_REFUSED' });
    await expect(looked(host, true)).rejects.toMatchObject({ code: 'NKVM_ADDRESS_REFUSED' });
    await expect(resolveAllowed(host, at)).rejects.toMatchObject({ reason: 'AddressRefused' });
  }
);

it('gives one address or all of them, as dns.lookup does', async () => {
  expect(await looked('localhost', false)).toMatchObject({ family: expect.any(Number) });
  expect(await looked('localhost', true)).toContainEqual(
    expect.objectContaining({ address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) })
  );
});

it.each([
  ['127.0.0.1', { address: '127.0.0.1', family: 4 }],
  ['[::1]', { address: '::1', family: 6 }],
])('resolves %s to itself', async (host, address) =>
  expect(await resolveAllowed(host, at)).toEqual([address])
);

it.each(['169.254.169.254', '::ffff:a9fe:a9fe', '[fd00:ec2::254]'])('refuses %s', async host =>
  expect(resolveAllowed(host, at)).rejects.toMatchObject({ reason: 'AddressRefused' })
);

it('says that there is no such host', async () =>
  expect(resolveAllowed('no-such-host.invalid', at)).rejects.toMatchObject({
    name: 'StageError',
    reason: 'HostNotFound',
    message: expect.stringContaining('no-such-host.invalid'),
  }));

it('ends when its caller stops it', async () => {
  const why = new Error('stopped');
  const signal = AbortSignal.abort(why);
  await expect(resolveAllowed('no-such-host.invalid', { ...at, signal })).rejects.toBe(why);
});
