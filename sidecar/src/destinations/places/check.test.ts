import { describe, expect, it } from 'vitest';
import { StageError } from '../../errors.ts';
import { failing } from '../../testing/destinations/failingDestination.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import type { Destination, VersionsDeleted } from '../destination.ts';
import { HostKeyError } from '../kind.ts';
import { checkAppendOnly } from './appendOnly.ts';
import type { Checked } from './check.ts';
import { checkDestination } from './check.ts';

const now = () => new Date('2026-11-20T10:00:00Z');
const AFTER_PROBES = ['space', 'write', 'read-back', 'range', 'rename', 'delete'];

function checked(destination: Destination, more: Partial<Checked> = {}): Checked {
  return {
    name: 'offsite',
    invalid: undefined,
    probes: [
      { step: 'resolve', run: async () => '192.0.2.7' },
      { step: 'connect', run: async () => '' },
    ],
    open: () => destination,
    archiveForm: 'tar.gz',
    owner: 'us',
    secrets: ['hunter2'],
    ...more,
  };
}

const statesOf = async (of: Checked, options = {}) => {
  const { steps, ...rest } = await checkDestination(of, { now, ...options });
  const states = Object.fromEntries(steps.map(({ step, state }) => [step, state]));
  return { ...rest, steps, states, failed: steps.find(({ state }) => state === 'failed') };
};

const said = (reason: string) =>
  new StageError('copy', reason, 'with hunter2', 'h', 'needs-action');

describe('a check', () => {
  it.each([false, true])('goes through everything (proves after publish: %s)', async after => {
    const storage = memoryStorage();
    const destination = { ...memoryDestination(storage), provesAfterPublish: after };
    if (after) {
      // Such a storage shows nothing before it is published.
      const { stage } = destination;
      destination.stage = async (key, ...words) => {
        const staged = await stage(key, ...words);
        return {
          ...staged,
          readBack: async () => ({ body: await destination.open(key), readFrom: () => 'storage' }),
        };
      };
    }
    const { passed, at, states, steps, hostKey } = await statesOf(checked(destination));
    expect({ passed, at, hostKey }).toEqual({
      passed: true,
      at: '2026-11-20T10:00:00.000Z',
      hostKey: null,
    });
    for (const step of ['settings', 'resolve', 'connect', ...AFTER_PROBES])
      expect([step, states[step]]).toEqual([step, 'passed']);
    for (const step of ['tls', 'host-key', 'login'])
      expect([step, states[step]]).toEqual([step, 'skipped']);
    expect(steps.find(({ step }) => step === 'resolve')?.detail).toBe('192.0.2.7');
    expect([...storage.archives.keys(), ...storage.temporaries]).toEqual([]);
  });

  it.each(['stage', 'readBack', 'publish', 'open', 'remove', 'freeBytes'] as const)(
    'names the step that fails at %s, skips what follows, and leaves nothing behind',
    async part => {
      const step = {
        freeBytes: 'space',
        stage: 'write',
        readBack: 'read-back',
        publish: 'rename',
        open: 'range',
        remove: 'delete',
      }[part];
      const storage = memoryStorage();
      const destination = failing(memoryDestination(storage), part, said('LoginRefused'));
      const { passed, states, failed } = await statesOf(checked(destination));
      expect(passed).toBe(false);
      expect(failed).toMatchObject({
        step,
        problem: { reason: 'LoginRefused', message: 'with ***' },
      });
      const order = ['space', 'write', 'read-back', 'rename', 'range', 'delete'];
      const later = order.slice(order.indexOf(step) + 1);
      expect(later.map(each => states[each])).toEqual(later.map(() => 'skipped'));
      if (part !== 'remove') expect([...storage.archives.keys()]).toEqual([]);
      expect(storage.temporaries.size).toBe(0);
    }
  );

  it('writes nothing when the way to the server fails', async () => {
    const open = () => {
      throw new Error('must not be opened');
    };
    const probes = [
      { step: 'login' as const, run: async () => Promise.reject(said('LoginRefused')) },
    ];
    const { failed, states } = await statesOf(checked(memoryDestination(), { open, probes }));
    expect(failed?.step).toBe('login');
    expect(states.write).toBe('skipped');
  });

  it('begins with the settings', async () => {
    const { failed } = await statesOf(
      checked(memoryDestination(), { invalid: said('DestinationInvalid') })
    );
    expect(failed?.step).toBe('settings');
  });

  it('shows the host key that nobody has confirmed', async () => {
    const hostKey = { fingerprint: 'SHA256:abc', knownHosts: 'h ssh-ed25519 AAAA' };
    const error = new HostKeyError(hostKey, 'copy', 'HostKeyUnknown', 'm', 'h', 'needs-action');
    const probes = [{ step: 'host-key' as const, run: async () => Promise.reject(error) }];
    const found = await statesOf(checked(memoryDestination(), { probes }));
    expect(found).toMatchObject({ hostKey, failed: { step: 'host-key' } });
  });

  it('gives up on a step that takes too long', async () => {
    const probes = [{ step: 'connect' as const, run: () => new Promise<string>(() => undefined) }];
    const { failed } = await statesOf(checked(memoryDestination(), { probes }), { stepMs: 20 });
    expect(failed).toMatchObject({ step: 'connect', problem: { reason: 'DestinationTimedOut' } });
  });

  it('detects a storage that gives back other bytes', async () => {
    const to = memoryDestination();
    const lying: Destination = {
      ...to,
      async stage(...words) {
        const staged = await to.stage(...words);
        const readBack: typeof staged.readBack = async call => {
          const { body, readFrom } = await staged.readBack(call);
          return { body: body.map((chunk: Buffer) => Buffer.alloc(chunk.length)), readFrom };
        };
        return { ...staged, readBack };
      },
    };
    const { failed } = await statesOf(checked(lying));
    expect(failed).toMatchObject({ step: 'read-back', problem: { reason: 'ReadBackDiffers' } });
  });

  it('passes where nothing may be deleted, and says so', async () => {
    const refusal = said('DestinationReadOnly');
    const found = await statesOf(checked(failing(memoryDestination(), 'remove', refusal)));
    expect(found.passed).toBe(true);
    expect(found.steps.find(({ step }) => step === 'delete')?.detail).toMatch(/cannot be deleted/);
  });
});

describe('whether archives can be deleted', () => {
  const check = (to: Destination) =>
    checkAppendOnly(to, {
      secrets: ['hunter2'],
      owner: 'us',
      now,
      signal: AbortSignal.timeout(10_000),
    });
  const kept = (to: Destination): Destination => ({ ...to, remove: async () => undefined });
  const withVersions = (answer: VersionsDeleted): Destination => ({
    ...memoryDestination(),
    deleteVersions: async () => answer,
  });
  const goneAfter = (to: Destination): Destination => ({
    ...to,
    async remove(key) {
      await to.remove(key);
      throw said('DestinationReadOnly');
    },
  });

  it.each<[string, Destination, string]>([
    ['they can', memoryDestination(), 'deletable'],
    [
      'it is refused',
      failing(memoryDestination(), 'remove', said('DestinationReadOnly')),
      'protected',
    ],
    ['it seems to work, and does not', kept(memoryDestination()), 'protected'],
    ['it is refused, and the file is gone', goneAfter(memoryDestination()), 'undetermined'],
    [
      'it fails for another reason',
      failing(memoryDestination(), 'remove', said('ConnectionBroke')),
      'undetermined',
    ],
    [
      'nothing can be stored',
      failing(memoryDestination(), 'put', said('DestinationFull')),
      'undetermined',
    ],
    [
      'afterwards it cannot be looked at',
      failing(memoryDestination(), 'stat', said('ConnectionBroke')),
      'undetermined',
    ],
    ['no version is kept', withVersions({ result: 'none' }), 'deletable'],
    ['the version that is kept can be deleted', withVersions({ result: 'deleted' }), 'deletable'],
    [
      'the version that is kept cannot be deleted',
      withVersions({ result: 'kept', lockedUntil: undefined }),
      'protected',
    ],
    [
      'versions cannot be seen',
      withVersions({ result: 'unknown', why: 'with hunter2' }),
      'undetermined',
    ],
    [
      'looking for versions fails',
      failing(withVersions({ result: 'none' }), 'deleteVersions', said('ConnectionBroke')),
      'undetermined',
    ],
  ])('%s', async (_, destination, result) => {
    const found = await check(destination);
    expect(found).toMatchObject({ result, at: '2026-11-20T10:00:00.000Z' });
    expect(found.message).not.toContain('hunter2');
  });
});
