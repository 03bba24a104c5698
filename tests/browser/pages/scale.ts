import { expect, it, onTestFinished } from 'vitest';
import { start } from '../../cluster/support/backups.ts';
import { countBytes, withMany } from '../support/many.ts';
import { findRow, shoot } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin } from '../support/worlds.ts';

const MANY = 5_000;
/** The list of so many volumes has some megabytes; what changes while one is backed up is one row. */
const CHANGE_BYTES = 64 * 1024;

/** Clusters with many volumes. */
export function scaleTests(world: Seen): void {
  it('takes in no more than what changes while a backup goes on', async () => {
    const page = await world().headlamp.open('/nkvm/volumes', {
      before: page => withMany(page, MANY),
    });
    await findRow(page, 'statements');
    await shoot(page, 'pages/volumes-5000');
    const bytes = await countBytes(page);
    const call = await callAsAdmin(world());
    const { run } = await start(call, 'billing', 'statements');
    onTestFinished(async () => {
      await call(`/api/v1/backups/${run?.id}/cancel`, { method: 'POST' });
    });
    const row = await findRow(page, 'statements');
    await row
      .getByText(/Backing up|[\d.]+ [KM]iB/)
      .first()
      .waitFor();
    await call(`/api/v1/backups/${run?.id}/cancel`, { method: 'POST' });
    await row.getByText(/Backing up/).waitFor({ state: 'detached' });
    const large = [...bytes].filter(([, count]) => count > CHANGE_BYTES);
    expect(large).toEqual([]);
  });
}
