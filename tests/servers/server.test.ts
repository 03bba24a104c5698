import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { identityOf } from '../cluster/machine/processes.ts';
import { startServer } from './server.ts';

/** Serves HTTP, and has a child of its own. */
const PROGRAM = `
const { spawn } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const child = spawn('sleep', ['1000']);
writeFileSync('child', String(child.pid));
require('node:http').createServer((_, answer) => answer.end('served')).listen(+process.argv[1], '127.0.0.1');
`;

it('starts a server on a port of its own, and leaves nothing of it', async () => {
  const server = await startServer({
    name: 'example',
    prepare: (_, port) => ({ command: process.execPath, args: ['-e', PROGRAM, String(port)] }),
  });
  const answer = await fetch(`http://${server.host}:${server.port}`);
  expect(await answer.text()).toBe('served');
  expect(readdirSync(server.dir)).toEqual(['child']);
  const child = Number(readFileSync(join(server.dir, 'child'), 'utf8'));
  expect(identityOf(child)).toBeDefined();
  await server.stop();
  await server.stop();
  expect(existsSync(server.dir)).toBe(false);
  expect([server.pid, child].map(identityOf)).toEqual([undefined, undefined]);
});

it('says why a server did not start', async () => {
  let left = '';
  const starting = startServer({
    name: 'example',
    prepare: dir => {
      left = dir;
      return { command: 'sh', args: ['-c', 'echo no such key >&2; exit 3'] };
    },
  });
  await expect(starting).rejects.toThrow(/example on port \d+: ended with 3: no such key/);
  expect(existsSync(left)).toBe(false);
});
