import type { PlanCheck } from '../../../api/index.ts';
import { bytesOf } from '../../cluster/limits/quantity.ts';
import { check, failed, refusal } from './checks.ts';
import type { PlanFacts } from './planFacts.ts';

export interface Space {
  needed: number | null;
  available: number | null;
  /** Capacity of the volume; null: not known. */
  total: number | null;
}

/** Bytes of contents: what a file system needs besides is not known before there is one. */
export function spaceOf({ request, source, selected, wish, claim, look }: PlanFacts): Space {
  const all = source.neededBytes;
  const needed = request.paths ? ('is' in selected ? selected.is?.bytes ?? null : null) : all;
  if (request.target.mode === 'new') {
    const size = bytesOf(wish.size ?? undefined);
    return { needed, available: size, total: size };
  }
  const seen = 'is' in look ? look.is : null;
  const total = claim?.capacityBytes ?? null;
  const isUnbound = claim?.phase === 'Pending';
  const unbound = isUnbound ? claim.requestedBytes : null;
  return { needed, available: seen?.freeBytes ?? unbound, total: total ?? unbound };
}

export function spaceCheck(
  { request }: PlanFacts,
  { needed, available, total }: Space
): PlanCheck | undefined {
  const { namespace, name, mode } = request.target;
  if (needed === null) {
    return check(
      'space',
      'later',
      'the unpacked size of the archive is not known: it is compared with the free space before anything is written'
    );
  }
  const need = `${sizeText(needed)} are needed`;
  const most = mode === 'overwrite' || mode === 'mirror' ? total : available ?? total;
  if (most !== null && needed > most) {
    return failed(
      'space',
      refusal(
        'TargetTooSmall',
        `${need}, claim ${namespace}/${name} has ${sizeText(most)}`,
        mode === 'new' ? 'choose a bigger size' : 'make the claim bigger, or restore into a new one'
      )
    );
  }
  if (available === null) {
    return check(
      'space',
      'later',
      `${need}: they are compared with the free space before anything is written`
    );
  }
  if (needed > available) {
    return check(
      'space',
      'warns',
      `${need}, ${sizeText(
        available
      )} are free: files that are replaced or deleted must free the rest`
    );
  }
  return check('space', 'passes', `${need}, ${sizeText(available)} are there`);
}

const UNITS = ['TiB', 'GiB', 'MiB', 'KiB'] as const;

/** @returns e.g. `1.2 GiB`, or bytes where there are few. */
export function sizeText(bytes: number): string {
  for (const [at, unit] of UNITS.entries()) {
    const factor = 1024 ** (UNITS.length - at);
    if (bytes >= factor) return `${(bytes / factor).toFixed(1)} ${unit}`;
  }
  return `${bytes} bytes`;
}
