import '../../testing/mount';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { emptyIndexedDb } from '../../testing/emptyIndexedDb';
import { LoginPage } from './loginPage';
import { type SecretDraft, secretsOf, type SecretTrouble, secretTroubleOf } from './secrets';

const failure = (status: number, message: string) =>
  Object.assign(new Error(`Some Status - ${message}`), { status });

it.each<[number, string, SecretTrouble]>([
  [403, 'secrets is forbidden: User "ann" cannot create', { kind: 'noRight', verb: 'create' }],
  // Of an admission webhook, or a quota.
  [403, 'denied by policy', { kind: 'failed', message: 'denied by policy' }],
  [409, 'secrets "a" already exists', { kind: 'exists' }],
  [404, 'secrets "a" not found', { kind: 'gone' }],
  [422, 'is invalid', { kind: 'failed', message: 'is invalid' }],
  [502, 'Unreachable', { kind: 'noAnswer', message: 'Unreachable' }],
  [401, 'Unauthorized', { kind: 'loggedOut' }],
])('%i %s', (status, message, trouble) =>
  expect(secretTroubleOf('create', failure(status, message))).toEqual(trouble)
);

describe('a Secret that is not written', () => {
  const draft: SecretDraft = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: 'a', namespace: 'nkvm', labels: {}, annotations: {} },
    stringData: { password: 'hush-hush' },
  };

  it('is not taken for written when a login proxy answers with its page', async () => {
    vi.stubGlobal('indexedDB', emptyIndexedDb);
    const page = { headers: { 'Content-Type': 'text/html; charset=utf-8' } };
    vi.stubGlobal('fetch', async () => new Response('<html>Log in', page));
    onTestFinished(() => void vi.unstubAllGlobals());
    await expect(secretsOf('main').create(draft)).rejects.toBeInstanceOf(LoginPage);
  });

  it.each<[string, () => Response]>([
    ['a proxy answers with a page', () => new Response('<html>Bad Gateway', { status: 502 })],
    [
      'the answer breaks off',
      () => {
        const body = new ReadableStream({ start: it => it.error(new Error('broken')) });
        return new Response(body, { status: 500 });
      },
    ],
  ])('is not in the console when %s', async (_, answer) => {
    const said = (['log', 'debug', 'warn', 'error'] as const).map(each =>
      vi.spyOn(console, each).mockImplementation(() => undefined)
    );
    vi.stubGlobal('indexedDB', emptyIndexedDb);
    vi.stubGlobal('fetch', async () => answer());
    onTestFinished(() => {
      said.forEach(each => each.mockRestore());
      vi.unstubAllGlobals();
    });
    await expect(secretsOf('main').create(draft)).rejects.toThrow();
    expect(JSON.stringify(said.map(each => each.mock.calls))).not.toContain('hush-hush');
  });
});
