import type { FailureClass } from '../../../api/index.ts';
import type { WaitCause } from './waitLimits.ts';

/** A helper pod that may still get ready. */
export interface WaitingPod {
  kind: 'waiting';
  /** Decides how long it may wait. */
  cause: WaitCause;
  /** A shorter limit, in milliseconds: it will most likely not pass. */
  limitMs?: number;
  /** Where it will run; null: not known yet. */
  node: string | null;
  /** Its present wait, for people: `waiting for a node: 0/2 nodes are available`. */
  note: string;
  /** The failure that it comes to when the limit is reached. */
  reason: string;
  message: string;
  hint: string;
  class: FailureClass;
}
