import { describe, expect, it } from 'vitest';
import { createTokens, type Mint, TokenRefused } from './token';

const TEN_MINUTES = 600_000;
const refusal = (status: number) => Object.assign(new Error('Forbidden - no'), { status });

/** Mints `<namespace>/<account>#<n>`, or throws what `refuses` gives. */
function issuer(refuses: (account: string) => Error | undefined = () => undefined) {
  const asked: string[] = [];
  const clock = { ms: 0 };
  const mint: Mint = async (namespace, account) => {
    asked.push(`${namespace}/${account}`);
    const refused = refuses(account);
    if (refused) throw refused;
    return { token: `${namespace}/${account}#${asked.length}`, lifeMs: TEN_MINUTES };
  };
  const home = { namespace: 'nkvm' };
  const tokens = createTokens(
    mint,
    () => home.namespace,
    () => clock.ms
  );
  return { asked, clock, home, tokens };
}

const noAdmin = (account: string) => (account === 'nkvm-admin' ? refusal(403) : undefined);

describe('the token of a cluster', () => {
  it("is the administrator's for those who may have it", async () => {
    const { tokens } = issuer();
    expect(await tokens.get('shop')).toBe('nkvm/nkvm-admin#1');
  });

  it('is minted in the namespace of NKVM', async () => {
    const { tokens, home } = issuer();
    home.namespace = 'backup';
    expect(await tokens.get('shop')).toBe('backup/nkvm-admin#1');
  });

  it("is the user's of the namespace at hand for the others", async () => {
    const { tokens } = issuer(noAdmin);
    expect(await tokens.get('shop')).toBe('shop/nkvm-user#2');
  });

  it('is minted once for calls at the same time', async () => {
    const { tokens, asked } = issuer();
    await Promise.all([tokens.get(), tokens.get(), tokens.get('shop')]);
    expect(asked).toEqual(['nkvm/nkvm-admin']);
  });

  it('is renewed before it expires', async () => {
    const { tokens, clock } = issuer();
    await tokens.get();
    clock.ms = TEN_MINUTES * 0.79;
    expect(await tokens.get()).toBe('nkvm/nkvm-admin#1');
    clock.ms = TEN_MINUTES * 0.81;
    expect(await tokens.get()).toBe('nkvm/nkvm-admin#2');
  });

  it('is minted anew after the sidecar refused it', async () => {
    const { tokens } = issuer();
    tokens.forget(await tokens.get());
    expect(await tokens.get()).toBe('nkvm/nkvm-admin#2');
  });

  it("asks for the administrator's again only after a while", async () => {
    const { tokens, asked, clock } = issuer(noAdmin);
    await tokens.get('shop');
    await tokens.get('bank');
    expect(asked).toEqual(['nkvm/nkvm-admin', 'shop/nkvm-user', 'bank/nkvm-user']);
    clock.ms = 5 * 60_000 + 1;
    await tokens.get('shop');
    expect(asked.at(-1)).toBe('nkvm/nkvm-admin');
  });

  it('asks again at once after a reset', async () => {
    const { tokens, asked } = issuer(noAdmin);
    await tokens.get('shop');
    tokens.reset();
    await tokens.get('shop');
    expect(asked).toHaveLength(4);
  });
});

describe('a refusal', () => {
  it.each([
    ['names the administrator without a namespace at hand', 403, undefined, 'nkvm', 'nkvm-admin'],
    ['names the user where both are refused', 403, 'shop', 'shop', 'nkvm-user'],
    ['other than 403 does not fall back', 404, 'shop', 'nkvm', 'nkvm-admin'],
  ])('%s', async (_, status, at, namespace, account) => {
    const { tokens } = issuer(() => refusal(status));
    const refused = await tokens.get(at).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TokenRefused);
    expect(refused).toMatchObject({ status, namespace, account });
  });

  it('that can pass is not remembered', async () => {
    const { tokens, asked } = issuer(() => refusal(503));
    await tokens.get().catch(() => undefined);
    await tokens.get().catch(() => undefined);
    expect(asked).toHaveLength(2);
  });
});
