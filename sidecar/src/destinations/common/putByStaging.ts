import { Readable } from 'node:stream';
import { StageError } from '../../errors.ts';
import type { Destination } from '../destination.ts';

/**
 * @param asPublish makes a failure one of the stage `publish`: for a caller, storing a small text is one step
 * @returns `put` for storage that gives a text its name as it does with an archive
 */
export const putByStaging =
  (stage: Destination['stage'], asPublish = publishError): Destination['put'] =>
  async (key, text, { signal } = {}) => {
    try {
      const staged = await stage(key, Readable.from([Buffer.from(text)]), { signal });
      await staged.publish({ signal });
    } catch (error) {
      throw asPublish(error);
    }
  };

/** @returns the same problem at the stage `publish`. */
export function publishError(error: unknown): unknown {
  if (!(error instanceof StageError) || error.stage === 'publish') return error;
  const { reason, message, hint, class: failureClass } = error;
  return new StageError('publish', reason, message, hint, failureClass, { cause: error });
}
