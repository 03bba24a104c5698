import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HttpTestWorld } from '../testing/httpWorld.ts';
import { httpWorld } from '../testing/httpWorld.ts';

let world: HttpTestWorld;
let document: any; // eslint-disable-line @typescript-eslint/no-explicit-any
beforeAll(async () => {
  world = await httpWorld();
  document = (await world.app.inject('/api/v1/openapi.json')).json();
});
afterAll(() => world.close());

it('describes the problem that every operation can answer with', () => {
  const operations = Object.values<Record<string, any>>(document.paths).flatMap(Object.values); // eslint-disable-line @typescript-eslint/no-explicit-any
  expect(operations.length).toBeGreaterThan(20);
  for (const { responses } of operations) {
    expect(responses.default).toEqual({ $ref: '#/components/responses/Problem' });
  }
  const { content } = document.components.responses.Problem;
  expect(content).toEqual({
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  });
  expect(document.components.schemas.Problem.required).toContain('hint');
});

it('describes the body of an upload', () => {
  expect(document.paths['/api/v1/uploads'].post.requestBody.content).toHaveProperty([
    'application/gzip',
  ]);
});
