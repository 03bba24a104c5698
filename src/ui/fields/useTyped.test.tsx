import { act, renderHook } from '@testing-library/react';
import { expect, it } from 'vitest';
import { useTyped } from './useTyped';

const field = (first: string) =>
  renderHook(({ value }) => useTyped(value), { initialProps: { value: first } });

it('keeps what was typed after a text was taken', () => {
  const { result, rerender } = field('');
  act(() => {
    result.current.type('ab');
    result.current.took('ab');
    result.current.type('abc');
  });
  // Only now the address has what was taken.
  rerender({ value: 'ab' });
  expect(result.current.text).toBe('abc');
});

it('shows what anything else has made of the value', () => {
  const { result, rerender } = field('ab');
  act(() => result.current.type('abc'));
  rerender({ value: '' });
  expect(result.current.text).toBe('');
  rerender({ value: 'ab' });
  expect(result.current.text).toBe('ab');
});
