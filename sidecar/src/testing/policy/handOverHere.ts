import type { VolumeObject } from '../../cluster/writes/volumeWrites.ts';
import { noFence } from '../../fence.ts';
import { fillingAnnotations, fillingLabels, fillingOf } from '../../restore/handOver/filling.ts';
import type { HandOverWorld } from '../../restore/handOver/handOver.ts';
import { memoryClaims } from '../cluster/memoryClaims.ts';

export const TARGET = { namespace: 'shop', name: 'orders-db', uid: 'claim-1' };
export const FILLINGS = 'nkvm-restores';

/** The calls that change something, in the order in which they are made. */
export type Change = 'create' | 'annotate' | 'give' | 'remove';

/**
 * Claims and volumes in memory, with a Kubernetes that provisions a volume for each filling and binds a claim that was given one.
 * `breakAfter` and `breakBefore` end the process at a change: that call, and every later one, throws.
 */
export function handOverHere() {
  const claims = memoryClaims();
  const volumes = new Map<string, VolumeObject>();
  const phases = new Map<string, { phase: string; volumeName?: string }>();
  const made: Change[] = [];
  let broken: { change: Change; when: 'before' | 'after' } | undefined;
  let isDead = false;
  const alive = (): void => {
    if (isDead) throw new Error('the process was killed');
  };
  const changes = async <T>(change: Change, work: () => Promise<T>): Promise<T> => {
    alive();
    if (broken?.change === change && broken.when === 'before') isDead = true;
    alive();
    const result = await work();
    made.push(change);
    if (broken?.change === change && broken.when === 'after') isDead = true;
    alive();
    return result;
  };
  const world: HandOverWorld & { now(): Date } = {
    async readClaim(namespace, name) {
      alive();
      const claim = await claims.readClaim(namespace, name);
      if (!claim) return undefined;
      const { phase = 'Pending', volumeName } = phases.get(claim.uid) ?? {};
      return { ...claim, spec: { volumeName }, status: { phase } };
    },
    claims: {
      ...claims,
      create: claim =>
        changes('create', async () => {
          const result = await claims.create(claim);
          if (claim.namespace === FILLINGS) provision(result.uid);
          return result;
        }),
      annotate: (...args) => changes('annotate', () => claims.annotate(...args)),
      remove: (claim, options) => changes('remove', () => claims.remove(claim, options)),
    },
    volumes: {
      async read(name) {
        alive();
        return volumes.get(name);
      },
      giveTo: (claim, volume, annotations) =>
        changes('give', async () => {
          volumes.set(volume.name, { ...volume, claimUid: claim.uid, annotations });
          phases.set(claim.uid, { phase: 'Bound', volumeName: volume.name });
        }),
    },
    fence: noFence,
    installation: 'here',
    fillings: FILLINGS,
    ...{ lookMs: 1, bindMs: 50 },
    now: () => new Date('2026-11-27T06:00:00.000Z'),
  };
  const provision = (uid: string): void => {
    const name = `pv-${uid}`;
    volumes.set(name, { name, resourceVersion: '1', claimUid: uid, annotations: {} });
    phases.set(uid, { phase: 'Bound', volumeName: name });
  };
  return {
    ...{ world, claims, volumes, phases, made },
    /** Makes the claim that waits. */
    async waits(): Promise<void> {
      const { namespace, name } = TARGET;
      const wish = { labels: {}, annotations: {}, accessModes: [], size: '1Gi' };
      await claims.create({ namespace, name, ...wish });
    },
    /** Makes a proven filling from a backup. */
    async fill(backup: string | null, installation = 'here'): Promise<void> {
      const { uid } = await claims.create({
        ...fillingOf(TARGET, FILLINGS),
        ...{ accessModes: [], size: '1Gi', labels: fillingLabels(TARGET, installation) },
        annotations: fillingAnnotations({ backup, node: null }),
      });
      provision(uid);
    },
    breakAt(change: Change, when: 'before' | 'after'): void {
      broken = { change, when };
    },
    /** A new process, on what the old one has left. */
    startAgain(): void {
      broken = undefined;
      isDead = false;
    },
    annotations: async () => (await claims.readClaim('shop', 'orders-db'))?.annotations,
    filling: () => claims.readClaim(FILLINGS, fillingOf(TARGET, FILLINGS).name),
  };
}
