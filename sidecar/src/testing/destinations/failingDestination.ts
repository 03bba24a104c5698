import type { Stage } from '../../../api/index.ts';
import type { Destination, Staged } from '../../destinations/destination.ts';
import { StageError } from '../../errors.ts';

/** What can be made to fail. `confirm`, `readBack`, `publish` and `discard` belong to what was staged. */
export type Step =
  | Exclude<
      keyof Destination,
      'id' | 'kind' | 'location' | 'isNear' | 'provesAfterPublish' | 'locate' | 'close'
    >
  | keyof Omit<Staged, 'bytes' | 'stored'>;

const STAGE_OF: Record<Step, Stage> = {
  stage: 'copy',
  stageDirect: 'copy',
  readDirect: 'checksum',
  put: 'publish',
  confirm: 'checksum',
  readBack: 'checksum',
  publish: 'publish',
  discard: 'cleanup',
  stat: 'checksum',
  open: 'checksum',
  list: 'checksum',
  remove: 'cleanup',
  deleteVersions: 'cleanup',
  sweep: 'cleanup',
  freeBytes: 'copy',
};

const refusal = (step: Step) =>
  new StageError(
    STAGE_OF[step],
    'InjectedFault',
    `${step} was made to fail`,
    'let the test do it',
    'unknown'
  );

/**
 * A destination one step of which always fails, as the contract has it: nothing is left then.
 * @param error what it fails with, e.g. a StageError `DestinationFull`
 */
export function failing(to: Destination, step: Step, error: Error = refusal(step)): Destination {
  const fail = async () => {
    throw error;
  };
  const destination: Destination = {
    ...to,
    async stage(key, body, call) {
      const staged = await to.stage(key, body, call);
      if (step === 'stage') {
        await staged.discard();
        throw error;
      }
      return failingStaged(staged);
    },
  };
  const failingStaged = (staged: Staged): Staged => ({
    ...staged,
    confirm: step === 'confirm' ? fail : staged.confirm,
    readBack: step === 'readBack' ? fail : staged.readBack,
    publish: async call => {
      if (step !== 'publish') return staged.publish(call);
      await staged.discard();
      throw error;
    },
    discard: async call => {
      await staged.discard(call);
      if (step === 'discard') throw error;
    },
  });
  if (step === 'list')
    return { ...destination, list: () => ({ [Symbol.asyncIterator]: () => ({ next: fail }) }) };
  if (step !== 'stage' && step in destination) return { ...destination, [step]: fail };
  return destination;
}

/** A destination that takes the first `bytes` of an archive, and then nothing until it is stopped. */
export function stalling(to: Destination, bytes = 0): Destination {
  return {
    ...to,
    async stage(key, body, { signal } = {}) {
      let seen = 0;
      for await (const chunk of body.iterator({ destroyOnReturn: false })) {
        seen += (chunk as Buffer).length;
        if (seen > bytes) break;
      }
      return await new Promise((_, reject) => {
        const stop = () => reject(signal?.reason);
        if (signal?.aborted) stop();
        signal?.addEventListener('abort', stop);
      });
    },
  };
}
