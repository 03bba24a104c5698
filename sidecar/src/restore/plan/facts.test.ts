import { describe, expect, it } from 'vitest';
import type { StartRestore } from '../../../api/index.ts';
import type { IsOpen } from '../../backup/request/openNamespaces.ts';
import { rightsFor } from './facts.ts';

const request: StartRestore = {
  backup: '01a',
  target: { namespace: 'shop', name: 'orders-db', mode: 'new' },
  scale: false,
  safetyBackup: true,
};

/** @param verbs that NKVM may use. */
const rights = (isOpen: IsOpen | undefined, verbs = ['create', 'patch', 'delete']) =>
  rightsFor(request, {
    access: { mayI: async ({ verb }) => verbs.includes(verb) },
    ...(isOpen !== undefined && { open: { ask: async () => isOpen } }),
  });

describe('restores into a namespace', () => {
  it('are allowed by the API server, and by a selector where there is one', async () => {
    expect(await rights(undefined)).toEqual({ is: true });
    expect(await rights(true)).toEqual({ is: true });
  });

  it('are refused where a selector does not let NKVM', async () => {
    expect(await rights('unselected')).toMatchObject({
      fails: { reason: 'NamespaceNotSelected', message: expect.stringContaining('namespace shop') },
    });
  });

  it('are not decided while it is not known', async () => {
    expect(await rights('unknown')).toMatchObject({ later: expect.any(String) });
  });

  it('are refused with the missing right before anything else', async () => {
    expect(await rights('unselected', ['create'])).toMatchObject({
      fails: { reason: 'RestoresNotAllowed' },
    });
  });
});
