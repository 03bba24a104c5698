import type { Comparison } from './comparison.ts';
import type { Mode } from './guard.ts';
import type { RefusalReason } from './refusal.ts';

/** The task of the program; its argument, in JSON. */
export interface Job {
  mode: Mode;
  /** The archive holds some of a volume's entries, and only they are looked at. */
  isSelection: boolean;
  /** `sha256`: of what arrives. */
  expected: { rawBytes?: number; files?: number; sha256?: string };
  /** Several archives arrive, newest first: an increment, and those that it needs. Their common state is unpacked. */
  links?: { rawBytes: number; files: number }[];
  /** More bytes of tar are refused. */
  maxRawBytes?: number;
}

/** The result, as it is written to the file `result`. */
export interface Result {
  version: 1;
  /** The archive or the volume was refused. Something may have been written. */
  refused: {
    reason: RefusalReason;
    message: string;
    entry: string | null;
    hasWritten: boolean;
  } | null;
  /** The digest of the bytes that arrived in the pod; null if they were not read to the end. */
  received: { bytes: number; sha256: string } | null;
  /** Exit codes; null where it did not come that far. */
  decompressorExit: number | null;
  tarExit: number | null;
  packExit: number | null;
  entries: number;
  rawBytes: number;
  /** Entries of the volume that were replaced by something of another kind, or deleted by mode `mirror`. */
  replaced: number;
  deleted: number;
  /** Messages of tar that are not about an attribute: how many, and the first. */
  errors: number;
  messages: string[];
  /** Names that only the volume has, the first of them. */
  leftOverNames: string[];
  comparison: Comparison | null;
}
