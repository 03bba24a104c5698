import type { Backup, Copy } from '../../../api/index.ts';
import type { Digest } from '../../archive/digest.ts';
import type { ClaimObject } from '../../cluster/inventory/claims.ts';
import { movedSince } from '../../destinations/places/movedSince.ts';
import { StageError } from '../../errors.ts';
import type { Attempt } from '../attempt.ts';
import { explain, undo } from '../breakOff.ts';
import { checkLinks } from '../chain/links.ts';
import { manifestText } from '../manifestText.ts';
import type { Packed, TakenCopy } from '../pack.ts';
import { digestText } from '../proof.ts';
import { proveAndPublish } from '../proveAndPublish.ts';
import { copyWithout } from './copiesVerdict.ts';

/** A backup whose archive has come from its helper. */
export interface PackedBackup extends Packed {
  node: string;
  /** The claim that the pod had mounted. */
  object: ClaimObject;
}

/** The result of each copy. */
export interface StoredCopies {
  /** In the order of the run's destinations. */
  copies: Copy[];
  /** Why copies failed, those of required ones first. */
  errors: StageError[];
  /** Sentences on copies, each once. */
  warnings: string[];
}

/**
 * Proves each copy and gives it its name, side by side: one that fails, or is slow, is of no matter to the others. Nothing of
 * a copy that fails stays. Never throws.
 */
export async function storeCopies(attempt: Attempt, packed: PackedBackup): Promise<StoredCopies> {
  const required = packed.copies.map(({ plan: { target } }) => ({
    name: target.name,
    isRequired: target.isRequired,
  }));
  const asked = [
    ...required,
    ...attempt.closed.map(({ destination: name, isRequired }) => ({ name, isRequired })),
  ];
  const ends: StoredCopy[] = await Promise.all(
    packed.copies.map(copy => storeCopy(attempt, packed, copy, inOrder(attempt.run, asked)))
  );
  const all = new Map<string, Copy>(attempt.closed.map(copy => [copy.destination, copy]));
  for (const { copy } of ends) all.set(copy.destination, copy);
  // Where no copy is left, the caller deletes all.
  const isAny = ends.some(({ error }) => !error);
  const left = await Promise.all(
    packed.copies.map(({ plan: { held, target } }, at) =>
      isAny && ends[at]?.error ? undo(held, target.destination) : []
    )
  );
  const failed = ends.filter(({ error }) => error);
  failed.sort((one, other) => Number(other.copy.isRequired) - Number(one.copy.isRequired));
  return {
    copies: inOrder(
      attempt.run,
      [...all.keys()].map(name => ({ name }))
    ).flatMap(({ name }) => all.get(name) ?? []),
    errors: failed.flatMap(({ error }) => error ?? []),
    warnings: [...new Set([...ends.flatMap(({ warnings }) => warnings), ...left.flat()])],
  };
}

/** @returns them in the order in which the run names its destinations. */
function inOrder<T extends { name: string }>({ destinations }: Backup, named: T[]): T[] {
  const place = ({ name }: T): number => destinations.indexOf(name);
  return [...named].sort((one, other) => place(one) - place(other));
}

interface StoredCopy {
  copy: Copy;
  error?: StageError;
  warnings: string[];
}

async function storeCopy(
  attempt: Attempt,
  packed: PackedBackup,
  { plan, staged: staging, index, snapshot }: TakenCopy,
  destinations: { name: string; isRequired: boolean }[]
): Promise<StoredCopy> {
  const { run, claim, world, signal, clock, because } = attempt;
  const { now, unpacking } = world;
  const { target, key, held, proof } = plan;
  try {
    const end = await staging;
    if ('error' in end) throw end.error;
    const { staged, unpacked } = end.taken;
    if (unpacked) checkUnpacked(unpacked, packed);
    const own = unpacked ?? packed.own;
    await checkLinks(packed.chain?.links ?? [], target, signal);
    const moved = movedSince(target.name, target.destination, world.places, 'publish');
    if (moved) throw moved;
    const { copy, warnings } = await proveAndPublish(
      {
        ...{ staged, key, own, seal: packed.seal, index: index.index, snapshot },
        ...{ destination: target.destination, isRequired: target.isRequired },
        warnings: [...packed.warnings, ...index.warnings],
      },
      {
        plan: unpacked ? { ...proof, level: 'checksum' } : proof,
        manifest: published =>
          manifestText(run, claim, world, { ...packed, key, own, destinations, ...published }),
        ...{ signal, now, held, unpacking },
      }
    );
    return { copy: { ...copy, destination: target.name }, warnings };
  } catch (error) {
    const why = await explain(because(error), clock.current() ?? 'publish');
    return { copy: copyWithout({ ...target, key }, why), error: why, warnings: [] };
  }
}

/** @throws StageError when what was unpacked on the way is not what tar wrote. */
function checkUnpacked(unpacked: Digest, { seal }: PackedBackup): void {
  const { rawBytes: bytes, rawSha256 = unpacked.sha256 } = seal;
  if (unpacked.bytes === bytes && unpacked.sha256 === rawSha256) return;
  throw new StageError(
    'checksum',
    'ContentsDiffer',
    `the archive unpacks to ${digestText(unpacked)}, but tar wrote ${digestText({
      bytes,
      sha256: seal.rawSha256 ?? '',
    })}`,
    'start a new backup; if it happens again, check the memory of the node that the helper ran on',
    'unknown'
  );
}
