import { z } from 'zod';

/**
 * A whole number in a query, in decimal digits: `0x10`, `1e2` and ` 5` are refused.
 * @returns what is described as an integer in the OpenAPI document.
 */
export const wholeNumber = (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(
    text => (typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : text),
    z.int().min(min).max(max)
  );
