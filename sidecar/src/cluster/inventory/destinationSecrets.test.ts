import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { kubeConfigFor, ListWatchServer } from '../../../../tests/support/listWatchServer.ts';
import { gatewayOf } from '../gateway/gateway.ts';
import { watchLimits } from '../watch/watchCache.ts';
import { watchDestinationSecrets } from './destinationSecrets.ts';

const PATH = '/api/v1/namespaces/nkvm/secrets';
let server: ListWatchServer;
let port: number;

beforeEach(async () => {
  server = new ListWatchServer();
  port = await server.listen();
  onTestFinished(() => server.close());
});

const secret = (name: string, more: object = {}, metadata: object = {}) => ({
  metadata: { namespace: 'nkvm', name, labels: { 'nkvm.io/destination': 's3' }, ...metadata },
  data: { bucket: Buffer.from('backups').toString('base64') },
  ...more,
});
const eventually = <T>(look: () => T) => expect.poll(look, { interval: 5, timeout: 5_000 });

function watched() {
  const logged: string[] = [];
  const secrets = watchDestinationSecrets(gatewayOf(kubeConfigFor(port)), {
    namespace: 'nkvm',
    log: { info: (_, text) => logged.push(text), warn: (_, text) => logged.push(text) },
    limits: { ...watchLimits, retryMs: () => 5 },
  });
  onTestFinished(() => secrets.stop());
  return Object.assign(secrets, { logged });
}

it('knows the Secrets with the label, and asks for no others', async () => {
  server.put(
    PATH,
    secret('offsite', {}, { annotations: { 'nkvm.io/default': 'true', other: 'x' } })
  );
  server.put(PATH, secret('no-label', {}, { labels: {} }));
  const secrets = watched();
  await secrets.firstAnswer;
  expect(secrets.all()).toEqual([
    {
      name: 'offsite',
      kind: 's3',
      data: { bucket: 'backups' },
      annotations: { 'nkvm.io/default': 'true' },
    },
  ]);
  await eventually(() => server.openWatches(PATH)).toBe(1);
  expect(server.requests.map(({ path }) => path)).toEqual([PATH, PATH]);
  expect(server.requests.map(({ query }) => query.labelSelector)).toEqual([
    'nkvm.io/destination',
    'nkvm.io/destination',
  ]);
});

it('tells of a Secret that comes, changes, and goes', async () => {
  const secrets = watched();
  await eventually(() => server.openWatches(PATH)).toBe(1);
  let changes = 0;
  secrets.onChange(() => (changes += 1));
  server.put(PATH, secret('offsite'));
  await eventually(() => changes).toBe(1);
  server.put(PATH, secret('offsite', { data: { bucket: 'b3RoZXI=' } }));
  await eventually(() => secrets.all()[0]?.data.bucket).toBe('other');
  server.remove(PATH, 'offsite', 'nkvm');
  await eventually(() => secrets.all()).toEqual([]);
});

it('says which keys are not text', async () => {
  server.put(
    PATH,
    secret('offsite', { data: { password: Buffer.from([0xff]).toString('base64') } })
  );
  const secrets = watched();
  await secrets.firstAnswer;
  expect(secrets.all()[0]?.data).toEqual({ password: null });
});

it('names the Role when it may not read them, and goes on without', async () => {
  server.refuse(PATH, 403, 'cannot list resource "secrets"');
  const secrets = watched();
  await secrets.firstAnswer;
  expect(secrets.all()).toEqual([]);
  await eventually(() => secrets.problem()).toMatch(
    /apply Role nkvm-destinations in namespace nkvm/
  );
});
