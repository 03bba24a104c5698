import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { whileSeen } from './whileSeen';

afterEach(() => void vi.restoreAllMocks());

function show(isShown: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(!isShown);
  document.dispatchEvent(new Event('visibilitychange'));
}

/** Notes what begins, and what ends. */
function start(): { told: string[]; end: () => void } {
  const told: string[] = [];
  const end = whileSeen(signal => {
    told.push('begins');
    signal.addEventListener('abort', () => told.push('ends'));
  });
  onTestFinished(end);
  return { told, end };
}

it('ends with the tab that nobody sees, and begins again', () => {
  const { told } = start();
  show(false);
  expect(told).toEqual(['begins', 'ends']);
  show(true);
  expect(told).toEqual(['begins', 'ends', 'begins']);
});

it('begins once, and not before the tab is seen', () => {
  show(false);
  const { told } = start();
  expect(told).toEqual([]);
  show(true);
  show(true);
  expect(told).toEqual(['begins']);
});

it('does not begin again once it was ended', () => {
  const { told, end } = start();
  end();
  show(false);
  show(true);
  expect(told).toEqual(['begins', 'ends']);
});
