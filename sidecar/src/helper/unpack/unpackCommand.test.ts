import { expect, it } from 'vitest';
import { prepareCommand, unpackCommand } from './unpackCommand.ts';
import { unpackProgram } from './unpackProgram.ts';

it('fits into a URL of 8 KiB, with room for the path and the other parameters', () => {
  const program = unpackProgram();
  const job = {
    mode: 'overwrite',
    isSelection: false,
    expected: { rawBytes: Number.MAX_SAFE_INTEGER, files: Number.MAX_SAFE_INTEGER },
    maxRawBytes: Number.MAX_SAFE_INTEGER,
  } as const;
  for (const command of [prepareCommand(program), unpackCommand(program, 'gzip', job)]) {
    const query = command.map(word => `command=${encodeURIComponent(word)}`).join('&');
    expect(query.length).toBeLessThan(7_500);
  }
});
