import { expect, it } from 'vitest';
import { filterOf, isNarrowed } from './filter';

const of = (text: string) => filterOf(new URLSearchParams(text));

it('takes from the address what NKVM takes', () => {
  expect(of('who=ann&action=backup.start&volume=shop/orders-db&result=refused')).toMatchObject({
    ...{ who: 'ann', action: 'backup.start', namespace: 'shop', claim: 'orders-db' },
    result: 'refused',
  });
  expect(of('volume=shop')).toMatchObject({ namespace: 'shop', claim: undefined });
});

it('takes whole days, the last one too', () => {
  const { from, to } = of('since=2026-03-01&until=2026-03-01');
  expect(Date.parse(to!) - Date.parse(from!)).toBe(86_400_000);
});

it('takes the days of the time zone in which dates are shown', () => {
  const days = new URLSearchParams('since=2026-03-01&until=2026-03-01');
  expect(filterOf(days, 'Pacific/Auckland')).toMatchObject({
    from: '2026-02-28T11:00:00.000Z',
    to: '2026-03-01T11:00:00.000Z',
  });
});

it('leaves out what NKVM would refuse', () => {
  const filter = of('action=%00&volume=../x&result=good&since=yesterday&until=2026-99-99');
  expect(isNarrowed(filter)).toBe(false);
  expect(isNarrowed(of('who=a'))).toBe(true);
});
