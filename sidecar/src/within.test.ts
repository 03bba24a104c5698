import { describe, expect, it } from 'vitest';
import { within } from './within.ts';

describe('within', () => {
  it('gives the result', async () => {
    await expect(within(new AbortController().signal, Promise.resolve(1))).resolves.toBe(1);
  });

  it('waits no longer than the signal lets it', async () => {
    const controller = new AbortController();
    const waits = within(controller.signal, new Promise(() => undefined));
    controller.abort(new Error('enough'));
    await expect(waits).rejects.toThrow('enough');
    await expect(within(controller.signal, Promise.reject(new Error('late')))).rejects.toThrow();
  });
});
