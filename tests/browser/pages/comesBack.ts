import { expect, it } from 'vitest';
import { backUp } from '../../cluster/support/backups.ts';
import { until } from '../../cluster/support/until.ts';
import { fill } from '../../demo/fill.ts';
import { restoresAllowed } from '../../demo/shop.ts';
import {
  applyWikiAgain,
  boundWiki,
  deleteWiki,
  WIKI,
  wiki,
  zeroTouch,
} from '../../demo/zeroTouch.ts';
import { findRow, shoot } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin, taintNodes } from '../support/worlds.ts';

export function comesBackTests(world: Seen): void {
  it('sees a labelled claim go, and come back with its files when it is applied again', async () => {
    const { playground, kubeUrl, headlamp } = world();
    const call = await callAsAdmin(world());
    playground.apply([...zeroTouch(), ...restoresAllowed()]);
    await until(
      'the service knows that claims are restored',
      async () => (await (await call('/api/v1/policy')).json()).zeroTouch === true,
      60_000
    );
    playground.apply(wiki());
    await boundWiki(kubeUrl);
    await fill(playground.volumePath(WIKI.namespace, WIKI.name), 1e6);
    await backUp(call, WIKI.namespace, WIKI.name);

    const page = await headlamp.open('/nkvm/volumes');
    const row = await findRow(page, WIKI.name);
    await row.getByText('Protected', { exact: true }).waitFor();
    const deleted = await deleteWiki({ playground, kubeUrl });
    await row.waitFor({ state: 'detached' });

    // Without a pod, the claim waits long enough to be seen.
    await taintNodes(kubeUrl, [{ key: 'test', effect: 'NoSchedule' }]);
    const back = applyWikiAgain({ playground, kubeUrl }, deleted);
    try {
      const waiting = page.getByRole('region', { name: 'Waiting for restore' });
      await waiting.getByText(`${WIKI.namespace}/${WIKI.name}`).first().waitFor();
      await shoot(page, 'policy/comes-back-waiting');
    } finally {
      await taintNodes(kubeUrl, []);
    }
    expect(await back).toMatchObject({ isSame: true });
    await row.getByText('First backup planned', { exact: true }).waitFor();
    await shoot(page, 'policy/comes-back');
  });
}
