import { expect, it } from 'vitest';
import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import type { RemoteApiServer } from '../testing/cluster/remoteApiServer.ts';
import { remoteApiServer } from '../testing/cluster/remoteApiServer.ts';
import { connectionsOf } from './connections.ts';
import { registryOf } from './registry.ts';

const rules = { isLoopbackAllowed: true };

/** A cluster of a file, and writes that say that there is such a Secret already. */
async function registry(
  run: (made: ReturnType<typeof registryOf>, remote: RemoteApiServer) => Promise<void>
) {
  const remote = await remoteApiServer('uid-of-b');
  const connections = connectionsOf({
    ...rules,
    ownName: 'home',
    secrets: { all: () => [], problem: () => undefined, onChange: () => () => undefined },
    files: {
      all: () => [{ cluster: 'site-f', path: '/clusters/site-f', kubeconfig: remote.kubeconfig() }],
      problem: () => undefined,
      onChange: () => () => undefined,
    },
    log: { info: () => undefined, warn: () => undefined },
  });
  const exists = async (): Promise<never> => {
    throw new ApiFailure('secrets "x" already exists', {
      ...{ kind: 'conflict', class: 'unknown', status: 409, reason: 'AlreadyExists' },
    });
  };
  const made = registryOf({
    ...{ connections, ...rules, ownName: 'home', namespace: 'nkvm' },
    looks: {
      of: () => undefined,
      uids: () => new Map([['home', 'uid-own']]),
      stop: () => undefined,
    },
    writes: { create: exists, replace: exists, remove: exists },
  });
  try {
    await run(made, remote);
  } finally {
    connections.stop();
    await remote.close();
  }
}

it('changes no cluster of a file', () =>
  registry(async (made, remote) => {
    const problem = { reason: 'ClusterFromFile' };
    await expect(made.remove('site-f')).rejects.toMatchObject({ problem });
    const request = { name: 'site-f', kubeconfig: remote.kubeconfig(), isDryRun: false };
    const replaced = made.check({ ...request, isReplacement: true });
    await expect(replaced).rejects.toMatchObject({ problem });
  }));

it('writes over no Secret that is not its own', () =>
  registry(async (made, remote) => {
    const request = { name: 'site-b', kubeconfig: remote.kubeconfig() };
    const added = made.check({ ...request, isDryRun: false, isReplacement: false });
    await expect(added).rejects.toMatchObject({ problem: { reason: 'ClusterSecretExists' } });
  }));
