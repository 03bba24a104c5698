import { expect, it } from 'vitest';
import { withoutUniqueSegment } from './uniqueSegment.ts';

it.each<[string, string]>([
  ['/api/v1/volumes/~x7K_q-', '/api/v1/volumes'],
  ['/api/v1/volumes/~x7Kq?namespace=shop', '/api/v1/volumes?namespace=shop'],
  ['/api/v1/backups/01jd/events/~1', '/api/v1/backups/01jd/events'],
  ['/api/v1/volumes', '/api/v1/volumes'],
  ['/api/v1/volumes?name=/~x', '/api/v1/volumes?name=/~x'],
  ['/api/v1/~x/volumes', '/api/v1/~x/volumes'],
  ['/api/v1/volumes/~', '/api/v1/volumes/~'],
  ['/api/v1/volumes/~a.b', '/api/v1/volumes/~a.b'],
  ['/api/v1/volumes/~a/~b', '/api/v1/volumes/~a'],
])('%s is %s', (url, expected) => expect(withoutUniqueSegment(url)).toBe(expected));
