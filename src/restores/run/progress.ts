import type { Restore } from '../../../sidecar/api';
import { rateOf, type Sample } from '../../backups/run/rate';

/** How far something that copies has come. */
export interface Progress {
  /** 0 to 100; undefined where the end is not known, or something else than copying goes on. */
  percent?: number;
  /** Bytes per second. */
  rate?: number;
  leftMs?: number;
}

interface Counted {
  bytes: number | null;
  totalBytes: number | null;
}

/** @param samples of the last seconds; of the copying alone. */
export function progressOf({ bytes, totalBytes }: Counted, samples: Sample[]): Progress {
  const rate = rateOf(samples);
  if (bytes === null || !totalBytes) return { rate };
  const percent = Math.min(100, Math.floor((bytes / totalBytes) * 100));
  const left = Math.max(0, totalBytes - bytes);
  // A rate of nothing has no end.
  const leftMs = rate && rate > 0 ? (left / rate) * 1000 : undefined;
  return { percent, rate, leftMs };
}

/** Whether the bytes of a restore are those that flow now: before and after, other things take their time. */
export const isWriting = ({ steps, stage }: Pick<Restore, 'steps' | 'stage'>): boolean => {
  const running = steps.find(({ state }) => state === 'running');
  return running ? running.step === 'write' : stage === 'copy';
};
