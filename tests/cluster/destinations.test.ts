import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backup, Copy, DestinationCheck } from '../../sidecar/api/index.ts';
import {
  allowRestoresCommand,
  DESTINATION_LABEL,
  openNamespaceCommand,
} from '../../sidecar/api/names.ts';
import { identityText, newIdentity, recipientText } from '../../sidecar/src/archive/age/keys.ts';
import type { TestCertificate } from '../../sidecar/src/testing/cluster/testCertificates.ts';
import { testCertificate } from '../../sidecar/src/testing/cluster/testCertificates.ts';
import { startFaultyProxy } from '../servers/faultyProxy.ts';
import { hasProgram } from '../servers/program.ts';
import { noSshd } from '../servers/sshd.ts';
import { run } from './machine/run.ts';
import type { Call } from './support/backups.ts';
import { ended, read, start } from './support/backups.ts';
import { fillClaims } from './support/filledClaims.ts';
import { kubeconfigPath, kubectl } from './support/kubectl.ts';
import type { PlaceOfTest, Started } from './support/places.ts';
import { DIRECTORY_IN_POD, PLACES, ssh } from './support/places.ts';
import { HOST_FOR_PODS, podsReachNothing } from './support/reachable.ts';
import { planRestore, restore, startRestore } from './support/restores.ts';
import type { ServiceProxy } from './support/service-proxy.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';
import { verifyPod } from './support/verify-pod.ts';

const NAMESPACE = 'far-away';
const SEALED = 'sealed';
const BROKEN = 'interrupted';
const DIRECT = 's3-direct';
const DIRECT_SEALED = 's3-direct-sealed';
const CLAIMS = [...PLACES.map(({ name }) => name), SEALED, BROKEN, DIRECT, DIRECT_SEALED];

let proxy: ServiceProxy;
let call: Call;
let certificate: TestCertificate;
/** What each claim holds, as the pod that filled it sees it. */
let listingOf: (claim: string) => string;
const servers: { stop(): Promise<void> }[] = [];

/** Runs a command of the documents as somebody pastes it. */
const paste = (command: string): void =>
  void run('sh', ['-c', command.replace(/^kubectl/, `kubectl --kubeconfig=${kubeconfigPath()}`)]);
const inSidecar = (line: string): string =>
  kubectl(['exec', '--namespace=nkvm', 'deployment/nkvm', '--', 'sh', '-c', line]);

/** Applies the Secret of a destination, and waits until the sidecar has seen it. */
async function place(
  name: string,
  kind: string,
  stringData: Record<string, string>
): Promise<void> {
  const metadata = { name, namespace: 'nkvm', labels: { [DESTINATION_LABEL]: kind } };
  kubectl(
    ['apply', '--filename=-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData })
  );
  await until(
    `destination ${name} is known`,
    async () => (await call(`/api/v1/destinations/${name}`)).ok,
    20_000
  );
}

async function checked(name: string): Promise<DestinationCheck> {
  const answer = await call(`/api/v1/destinations/${name}/check`, { method: 'POST' });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message);
  return body as DestinationCheck;
}

/** Backs up the claim of that name. */
async function backUpTo(claim: string, destinations: string[]): Promise<Backup> {
  const { run: queued, problem } = await start(call, NAMESPACE, claim, { destinations });
  if (!queued) throw new Error(problem?.message);
  return await ended(call, queued.id, 120_000);
}

const intoNew = (backup: Backup) => ({
  backup: backup.id,
  target: { namespace: NAMESPACE, name: `${backup.name}-restored`, mode: 'new' },
});

/** Restores into a new claim, and compares what is in it without the help of NKVM. */
async function restoredIsEqual(
  backup: Backup
): Promise<Pick<Backup, 'transport' | 'transportReason'>> {
  const asked = intoNew(backup);
  await until('the right counts', async () => (await planRestore(call, asked)).canStart, 20_000);
  const ended = await restore(call, asked, 120_000);
  expect(ended).toMatchObject({
    status: 'success',
    comparison: { differences: 0, notRestored: [] },
  });
  const pod = verifyPod(NAMESPACE, asked.target.name);
  try {
    expect(pod.listing('/volume')).toBe(listingOf(backup.name));
  } finally {
    pod.remove();
  }
  return ended;
}

const sha256Of = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex');

const onlyCopy = ({ copies }: Backup): Copy => {
  const [copy, ...more] = copies;
  if (!copy || more.length > 0) throw new Error(`${copies.length} copies instead of one`);
  return copy;
};

describe.skipIf(podsReachNothing)(podsReachNothing ?? 'from a pod', () => {
  beforeAll(async () => {
    proxy = await apiThroughServiceProxy();
    const admin = token();
    call = (path, init) => proxy.fetch(path, admin, init);
    certificate = await testCertificate({ subjects: `IP:${HOST_FOR_PODS}` });
    kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--timeout=400s']);
    kubectl(['create', 'namespace', NAMESPACE]);
    paste(openNamespaceCommand(NAMESPACE));
    paste(allowRestoresCommand(NAMESPACE));
    listingOf = fillClaims(NAMESPACE, CLAIMS, {
      [BROKEN]: 24,
      [DIRECT]: 40,
      [DIRECT_SEALED]: 40,
    });
    inSidecar(`rm -rf ${DIRECTORY_IN_POD} && mkdir ${DIRECTORY_IN_POD}`);
    await until(
      'the claims are known, and backups of them are allowed',
      async () => {
        const answer = await call(`/api/v1/volumes?namespace=${NAMESPACE}`);
        const { volumes } = (await answer.json()) as { volumes: { obstacle: unknown }[] };
        return volumes.filter(({ obstacle }) => !obstacle).length === CLAIMS.length;
      },
      30_000
    );
  });
  afterAll(async () => {
    kubectl(['delete', 'secret', ...CLAIMS, '--namespace=nkvm', '--ignore-not-found']);
    kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
    inSidecar(`rm -rf ${DIRECTORY_IN_POD}`);
    await Promise.all(servers.map(server => server.stop()));
    await certificate?.remove();
    await proxy?.stop();
  });

  async function started(of: () => Promise<Started>): Promise<Started> {
    const server = await of();
    servers.push(server);
    return server;
  }

  it.concurrent(
    'of two destinations, one breaks half-way: the other copy stays, and the missing one is made by itself',
    { timeout: 900_000 },
    async ({ skip }) => {
      if (noSshd) skip(noSshd);
      const server = await started(ssh);
      const files = server.files ?? '';
      const { port = '', knownHosts = '' } = server.secret;
      const network = await startFaultyProxy({
        to: { host: HOST_FOR_PODS, port: Number(port) },
        listen: { host: HOST_FOR_PODS },
      });
      servers.push(network);
      await place(BROKEN, 'sftp', {
        ...server.secret,
        port: String(network.port),
        knownHosts: knownHosts.replaceAll(`:${port} `, `:${network.port} `),
      });
      network.set({ kind: 'reset', afterBytes: 4_000_000 });
      const backup = await backUpTo(BROKEN, ['local', BROKEN]);
      expect(backup).toMatchObject({
        status: 'failed',
        reason: 'Incomplete',
        message: expect.stringContaining(`missing at ${BROKEN}`),
        copies: [
          { destination: 'local', state: 'present', problem: null },
          { destination: BROKEN, state: 'awaited', problem: { message: expect.any(String) } },
        ],
      });
      expect(readdirSync(files).filter(name => !name.startsWith('.tmp-nkvm-'))).toEqual([]);
      expect((await call(`/api/v1/backups/${backup.id}/files`)).status).toBe(200);

      network.set();
      const whole = await until(
        'the missing copy is there',
        async () => {
          const now = await read(call, backup.id);
          return now.status === 'success' ? now : undefined;
        },
        200_000,
        1_000
      );
      expect(whole.copies.map(({ state }) => state)).toEqual(['present', 'present']);
      const [local, far] = whole.copies;
      expect(sha256Of(join(files, far?.key ?? ''))).toBe(local?.sha256);
      await restoredIsEqual(whole);
    }
  );

  it.concurrent.for<[string, PlaceOfTest]>(PLACES.map(each => [each.name, each]))(
    '%s: passes the check, takes a backup, and gives it back',
    { timeout: 900_000 },
    async ([name, { kind, missing, start: startPlace }], { skip }) => {
      if (missing) skip(missing);
      const server = await started(() => startPlace(certificate));
      await place(name, kind, server.secret);

      const check = await checked(name);
      expect(check.steps.filter(({ state }) => state === 'failed')).toEqual([]);
      expect(check.passed).toBe(true);
      expect(check.steps.filter(({ state }) => state === 'passed').map(({ step }) => step)).toEqual(
        expect.arrayContaining(['settings', 'write', 'read-back', 'range', 'delete'])
      );

      const backup = await backUpTo(name, [name]);
      expect(backup).toMatchObject({ status: 'success', destinations: [name] });
      const copy = onlyCopy(backup);
      expect(copy).toMatchObject({ destination: name, state: 'present', problem: null });
      expect(['checksum', 'contents']).toContain(copy.proof?.level);
      if (server.files) expect(sha256Of(join(server.files, copy.key))).toBe(copy.sha256);

      await restoredIsEqual(backup);
    }
  );

  it.concurrent.for([DIRECT, DIRECT_SEALED])(
    '%s: helper pods send and read the archive by themselves',
    { timeout: 900_000 },
    async (name, { skip }) => {
      const s3 = PLACES.find(({ kind }) => kind === 's3');
      if (!s3 || s3.missing) return skip(s3?.missing);
      const server = await started(() => s3.start(certificate));
      const ageRecipients = recipientText(newIdentity());
      await place(name, 's3', {
        ...server.secret,
        ...(name === DIRECT_SEALED && { ageRecipients }),
      });
      const backup = await backUpTo(name, [name]);
      expect(backup).toMatchObject({ status: 'success', transport: 'direct' });
      const copy = onlyCopy(backup);
      expect(copy).toMatchObject({ state: 'present', encrypted: name === DIRECT_SEALED });
      const file = join(server.files ?? '', copy.key);
      expect(sha256Of(file)).toBe(copy.stored?.sha256 ?? copy.sha256);
      const second = await backUpTo(name, [name]);
      expect(second).toMatchObject({ status: 'success', transport: 'direct' });
      expect(onlyCopy(second).proof).toMatchObject({ level: 'checksum', readFrom: 'server' });
      expect(await restoredIsEqual(second)).toMatchObject({
        transport: 'direct',
        transportReason: `the helper pod reads the archive at destination ${name} itself`,
      });
    }
  );

  it.concurrent(
    `${SEALED}: is encrypted for a key that only a person has`,
    { timeout: 900_000 },
    async ({ skip }) => {
      if (noSshd) skip(noSshd);
      const identity = newIdentity();
      const server = await started(ssh);
      await place(SEALED, 'sftp', { ...server.secret, ageRecipients: recipientText(identity) });
      expect(await checked(SEALED)).toMatchObject({ passed: true });
      const backup = await backUpTo(SEALED, [SEALED]);
      expect(backup).toMatchObject({ status: 'success' });
      const copy = onlyCopy(backup);
      expect(copy).toMatchObject({ state: 'present', encrypted: true });
      const file = join(server.files ?? '', copy.key);
      expect(readFileSync(file).subarray(0, 21).toString()).toBe('age-encryption.org/v1');
      expect(sha256Of(file)).toBe(copy.stored?.sha256);
      if (hasProgram('age')) {
        const plain = execFileSync('age', ['--decrypt', '--identity', '-', file], {
          input: identityText(identity),
          maxBuffer: 64 * 1024 * 1024,
        });
        expect(createHash('sha256').update(plain).digest('hex')).toBe(copy.sha256);
      }

      const post = (what: string, body: object = {}) =>
        call(`/api/v1/destinations/${SEALED}/${what}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
      expect(await (await post('lock')).json()).toEqual({ isUnlocked: false });
      const { problem: locked } = await startRestore(call, intoNew(backup));
      expect(locked).toMatchObject({ reason: 'ArchiveLocked' });
      const another = await post('unlock', { identity: identityText(newIdentity()) });
      expect(await another.json()).toMatchObject({ reason: 'NoMatchingKey' });
      const unlocked = await post('unlock', { identity: identityText(identity) });
      expect(await unlocked.json()).toEqual({ isUnlocked: true });
      await restoredIsEqual(backup);
    }
  );
});
