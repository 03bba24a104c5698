import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import { runSchemathesis, schemathesisMissing } from './schemathesis.ts';

/** What no JSON Schema can say. */
const CONFIG = `
# A body is bytes, and which bytes are a .tar.gz is not for a schema to say: others are answered with 422.
[[operations]]
include-path = "/api/v1/uploads"
[operations.checks.positive_data_acceptance]
enabled = false

# A text is a kubeconfig or not: others are answered with 422.
[[operations]]
include-path = "/api/v1/clusters"
[operations.checks.positive_data_acceptance]
enabled = false
`;

/** The same requests each time. */
const OPTIONS = [
  ...['--phases', 'examples,coverage,fuzzing'],
  ...['--max-examples', '3', '--seed', '1', '--continue-on-failure'],
  ...['--exclude-path', '/api/v1/volumes/events'], // a stream that never ends
];

it('schemathesis finds nothing that the OpenAPI document does not say', async ({ skip }) => {
  if (schemathesisMissing) skip(schemathesisMissing);
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-openapi-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const world = await playgroundWorld('admin', () => undefined);
  onTestFinished(() => world.stop());
  const { code, report } = await runSchemathesis({
    document: `http://127.0.0.1:${world.sidecar.port}/api/v1/openapi.json`,
    token: await adminToken(world.kubeUrl),
    ...{ dir, config: CONFIG, options: OPTIONS },
  });
  expect(report).toMatch(/Tested: [45]\d/);
  expect(code, report.slice(-20_000)).toBe(0);
}, 300_000);
