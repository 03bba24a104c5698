import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { resticCommand } from './command.ts';
import { ResticSettings } from './settings.ts';

/** Stands for restic: asks the proxy of its environment for an address, and waits for what comes of it. */
const CONNECTS = `#!/usr/bin/env node
const { port } = new URL(process.env.HTTP_PROXY);
if (process.env.HTTPS_PROXY !== process.env.HTTP_PROXY) process.exit(1);
require('node:net')
  .connect(port, '127.0.0.1')
  .write(Buffer.from([5, 1, 0, 5, 1, 0, 1, 169, 254, 169, 254, 0, 80]));
setInterval(() => undefined, 1000);
`;

it('ends when restic goes to an address of cloud metadata, whatever its server was before', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'restic-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const program = join(dir, 'program');
  writeFileSync(program, CONNECTS, { mode: 0o700 });
  const settings = ResticSettings.parse({
    ...{ repository: 's3:http://127.0.0.1:9/bucket', password: 'p' },
    ...{ accessKeyId: 'a', secretAccessKey: 's' },
  });
  const restic = resticCommand(settings, join(dir, 'work'), program);
  await expect(restic.run('copy', ['cat', 'config'])).rejects.toMatchObject({
    reason: 'AddressRefused',
    stage: 'copy',
    class: 'needs-action',
  });
});
