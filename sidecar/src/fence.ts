import { StageError } from './errors.ts';

/**
 * The right to change what is stored. Two processes can have one volume, e.g. while a node is lost; only the one that
 * holds the right may write.
 */
export interface Fence {
  /** Call it right before each write. @throws StageError (reason `LeaseLost`) when another process may write now. */
  assertHeld(): void;
}

/** Outside of a cluster nothing competes for the storage. */
export const noFence: Fence = { assertHeld: () => undefined };

/** @returns the error that this process may not write any more. */
export const leaseLost = (why: string): StageError =>
  new StageError(
    'publish',
    'LeaseLost',
    `this process may not write any more: ${why}`,
    'nothing to do: the instance that holds the Lease continues, or this one does when it holds the Lease again',
    'transient'
  );
