import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ExecBroken } from '../cluster/exec.ts';
import type { ProcessCluster } from '../testing/processCluster.ts';
import { processCluster } from '../testing/processCluster.ts';
import type { Helper, HelperCluster } from './helper.ts';
import { createHelper } from './helper.ts';
import { sendTo } from './receive.ts';

let dir: string;
let cluster: ProcessCluster;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-receive-'));
  cluster = processCluster(dir);
});
afterEach(async () => {
  await cluster.stop();
  rmSync(dir, { recursive: true });
});

const { signal } = new AbortController();
const helperIn = (changed: Partial<HelperCluster> = {}): Promise<Helper> =>
  createHelper({ ...cluster, ...changed }, 'shop', {
    runId: '01a',
    attempt: 1,
    installation: 'i',
    claimName: 'orders-db',
    access: 'write',
    image: 'x',
    memoryLimit: '1Mi',
    node: null,
    deadlineMs: 1000,
  });
const body = Buffer.alloc(3_000_000, 'restored ');

it('sends a stream into a command of the pod, and knows that the same has arrived', async () => {
  const command = ['sh', '-c', 'cat >"$0"', join(dir, 'file')];
  expect(await sendTo(await helperIn(), command, Readable.from([body]), signal)).toEqual({
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
  });
  expect(readFileSync(join(dir, 'file')).equals(body)).toBe(true);
});

it.each<[string, (cluster: ProcessCluster) => Partial<HelperCluster>, object]>([
  [
    'less arrives than was sent',
    ({ execWithInput }) => ({
      async execWithInput(...call) {
        const running = await execWithInput(...call);
        let left = 1_000_000;
        const stdin = new Writable({
          write(chunk: Buffer, _encoding, done) {
            const piece = chunk.subarray(0, left);
            left -= piece.length;
            running.stdin.write(piece, done);
          },
          final: done => void running.stdin.end(done),
        });
        return { ...running, stdin };
      },
    }),
    { stage: 'checksum', reason: 'ReceivedDiffers', class: 'transient' },
  ],
  [
    'the connection breaks',
    ({ execWithInput }) => ({
      async execWithInput(...call) {
        const running = await execWithInput(...call);
        const stdin = new Writable({
          write: (_chunk, _encoding, done) => done(new ExecBroken('the connection broke')),
        });
        return { ...running, stdin };
      },
    }),
    { stage: 'copy', reason: 'SendBroke', class: 'transient' },
  ],
])('fails when %s', async (_, changed, expected) => {
  const helper = await helperIn(changed(cluster));
  await expect(
    sendTo(helper, ['sh', '-c', 'cat >/dev/null'], Readable.from([body]), signal)
  ).rejects.toMatchObject(expected);
});

it('fails when the command does, although all of the stream has arrived', async () => {
  const command = ['sh', '-c', 'cat >/dev/null; exit 3'];
  await expect(
    sendTo(await helperIn(), command, Readable.from([body]), signal)
  ).rejects.toMatchObject({ stage: 'exec', reason: 'ReceiverFailed' });
});

it('ends the command when the caller stops', async () => {
  const stop = new AbortController();
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(65_536));
      stop.abort(new Error('stopped'));
    },
  });
  await expect(
    sendTo(await helperIn(), ['sh', '-c', 'cat >/dev/null'], endless, stop.signal)
  ).rejects.toThrow('stopped');
});
