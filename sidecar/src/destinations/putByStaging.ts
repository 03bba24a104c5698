import { Readable } from 'node:stream';
import { StageError } from '../errors.ts';
import type { Destination } from './destination.ts';

/** @returns `put` for storage that gives a text its name as it does with an archive. */
export const putByStaging =
  (stage: Destination['stage']): Destination['put'] =>
  async (key, text, { signal } = {}) => {
    try {
      const staged = await stage(key, Readable.from([Buffer.from(text)]), { signal });
      await staged.publish({ signal });
    } catch (error) {
      if (!(error instanceof StageError)) throw error;
      const { reason, message, hint, class: failureClass } = error;
      throw new StageError('publish', reason, message, hint, failureClass, { cause: error });
    }
  };
