import { expect, it } from 'vitest';
import { API, holdUp, refuse } from '../support/api.ts';
import { HEIGHT, WIDTHS } from '../support/headlamp.ts';
import { expectGoodLooks } from '../support/looks.ts';
import { isWhole, shoot } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';

const PAGE = '/nkvm/doctor';
const LIGHT = ['light'] as const;

/** What an administrator learns from the doctor. */
export function doctorTests(world: Seen): void {
  it('reads what was found, has it checked again, and copies the report', async () => {
    const page = await world().headlamp.open(PAGE);
    const again = page.getByRole('button', { name: 'Check again' });
    await expectGoodLooks(again, 'doctor');
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      await shoot(page, `widths/doctor-${width}`);
      expect(await isWhole(page), `${width} px`).toBe(true);
    }
    const asked = page.waitForResponse(API.doctor);
    await again.click();
    expect((await asked).status()).toBe(200);
    await page.getByRole('button', { name: 'Copy the report as text' }).waitFor();
  });

  it('reads that it loads, what failed, and which right is lacking', async () => {
    let goOn = () => {};
    const slow = await world().headlamp.open(PAGE, {
      before: async page => (goOn = await holdUp(page, API.doctor)),
    });
    await expectGoodLooks(slow.getByRole('main').getByRole('progressbar'), 'doctor-loading', LIGHT);
    goOn();
    const broken = await world().headlamp.open(PAGE, {
      before: page => page.route(API.doctor, refuse(500, { message: 'it cannot be checked' })),
    });
    await expectGoodLooks(broken.getByText('It cannot be checked'), 'doctor-error', LIGHT);
    const message = 'ann may not get settings.nkvm.io in namespace nkvm';
    const denied = await world().headlamp.open(PAGE, {
      before: page => page.route(API.doctor, refuse(403, { message })),
    });
    await expectGoodLooks(denied.getByText(/get settings\.nkvm\.io/), 'doctor-denied', LIGHT);
  });
}
