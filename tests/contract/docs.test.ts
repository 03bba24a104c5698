import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AREAS } from './contract.ts';
import { contractPage } from './docs.ts';

describe('docs/reference/contract.md', () => {
  it('holds every behaviour of the contract; vitest --update writes it', async () => {
    const file = join(import.meta.dirname, '../../docs/reference/contract.md');
    await expect(contractPage(AREAS)).toMatchFileSnapshot(file);
  });

  it('names no behaviour twice', () => {
    const all = AREAS.flatMap(({ behaviours }) => behaviours.map(({ says }) => says));
    expect(new Set(all).size).toBe(all.length);
  });
});
