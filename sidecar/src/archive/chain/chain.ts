import type { Chain } from '../../../api/index.ts';

/**
 * The kinds of archives. An increment alone is not a backup: it needs the archives before it.
 *
 * - `full`: holds all of the volume
 * - `increment`: holds what has changed since the archive before, and the names that each directory has
 */
export type ChainForm = 'full' | 'increment';

/** Null: a full archive that no increment can build on. */
export type OptionalChain = Chain | null;

/** @returns what an archive is. */
export const formOf = (chain: OptionalChain): ChainForm =>
  chain && chain.links.length > 0 ? 'increment' : 'full';

/** @returns how many archives come before this one; 0 for a full archive. */
export const levelOf = (chain: OptionalChain): number => chain?.links.length ?? 0;

/** @returns whether the archive with `chain` cannot be restored without the archive of the backup `runId`. */
export const needs = (chain: OptionalChain, runId: string): boolean =>
  chain?.links.some(link => link.runId === runId) ?? false;
