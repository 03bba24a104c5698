import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { until } from '../../cluster/support/until.ts';
import { Refused } from '../client.ts';
import type { Area } from '../cluster.ts';
import { V4, V5 } from '../world.ts';

const MiB = 1024 * 1024;

const exitCode = (code: number) => ({
  metadata: {},
  status: 'Failure',
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: `${code}` }] },
  message: expect.stringContaining(`exit code ${code}`),
});

export const execs: Area = {
  title: 'Commands in containers',
  behaviours: [
    {
      says: 'carries standard output and standard error on channels of their own, and closes in good order (v5 and v4)',
      async holds(world) {
        const pod = await world.shell();
        for (const protocol of [V5, V4]) {
          const command = ['sh', '-c', 'echo out; echo err >&2'];
          const ended = await world.exec(pod, command, { protocol });
          expect(ended).toEqual({
            stdout: 'out\n',
            stderr: 'err\n',
            status: { metadata: {}, status: 'Success' },
            code: 1000,
          });
        }
      },
    },
    {
      says: 'tells the exit code as the cause of a Failure, after all output (v5 and v4)',
      async holds(world) {
        const pod = await world.shell();
        for (const protocol of [V5, V4]) {
          const ended = await world.exec(pod, ['sh', '-c', 'echo out; exit 3'], { protocol });
          expect(ended.stdout).toBe('out\n');
          expect(ended.status).toEqual(exitCode(3));
          expect(ended.code).toBe(1000);
        }
      },
    },
    {
      says: 'tells the end by a signal as 128 and its number',
      async holds(world) {
        const { status } = await world.exec(await world.shell(), ['sh', '-c', 'kill -9 $$']);
        expect(status).toEqual(exitCode(137));
      },
    },
    {
      says: 'picks v5 where the client offers v5 and v4',
      async holds(world) {
        const path = world.execPath(await world.shell(), ['true']);
        const { socket } = await world.client.connect(path, [V4, V5]);
        expect(socket.protocol).toBe(V5);
        socket.close();
      },
    },
    {
      says: 'sends standard input, and its end when the client closes channel 0 (v5)',
      async holds(world) {
        const ended = await world.exec(await world.shell(), ['sha256sum'], { stdin: 'hello' });
        const digest = createHash('sha256').update('hello').digest('hex');
        expect(ended.stdout).toBe(`${digest}  -\n`);
        expect(ended.status.status).toBe('Success');
      },
    },
    {
      says: 'carries 64 MiB whole and in order',
      async holds(world) {
        const script = `yes "a line of text" | head -c ${64 * MiB}`;
        const path = world.execPath(await world.shell(), ['sh', '-c', script]);
        const hash = createHash('sha256');
        let bytes = 0;
        const { closed } = await world.client.connect(path, [V5], data => {
          if (data[0] !== 1) return;
          hash.update(data.subarray(1));
          bytes += data.length - 1;
        });
        await closed;
        const line = Buffer.from('a line of text\n');
        const expected = Buffer.alloc(64 * MiB, line);
        expect(bytes).toBe(64 * MiB);
        expect(hash.digest('hex')).toBe(createHash('sha256').update(expected).digest('hex'));
      },
    },
    {
      says: 'holds the command back while the client does not read, and lets it go on afterwards',
      async holds(world) {
        const pod = await world.shell();
        const mark = `/work/${world.name('mark')}`;
        const script = `head -c ${256 * MiB} /dev/zero; touch ${mark}; read end`;
        let bytes = 0;
        const { socket, closed } = await world.client.connect(
          world.execPath(pod, ['sh', '-c', script], { stdin: 'true' }),
          [V5],
          data => void (data[0] === 1 && (bytes += data.length - 1))
        );
        await until('some output came', () => bytes > 0, 10_000, 10);
        socket.pause();
        // Ten times what a command needs that can write freely.
        const slow = await world.exec(pod, ['sh', '-c', `sleep 3; test -e ${mark}`]);
        expect(slow.status).toEqual(exitCode(1));
        socket.resume();
        // The command ends later: where memory is short, a kernel drops what a slow client has not taken from a server that has closed.
        await until('all output came', () => bytes === 256 * MiB, 60_000, 10);
        socket.send(Buffer.from('\0\n'));
        await closed;
        expect((await world.exec(pod, ['test', '-e', mark])).status.status).toBe('Success');
      },
    },
    {
      says: 'runs commands side by side in one container, in its volumes',
      async holds(world) {
        const pod = await world.shell();
        const file = `/work/${world.name('file')}`;
        await world.exec(pod, ['sh', '-c', `echo one > ${file}`]);
        const [a, b] = await Promise.all([1, 2].map(() => world.exec(pod, ['cat', file])));
        expect([a?.stdout, b?.stdout]).toEqual(['one\n', 'one\n']);
      },
    },
    {
      says: 'tells that there is no such program as an InternalError on the status channel, and not as an exit code',
      async holds(world) {
        for (const program of ['/no/such/program', 'no-such-program']) {
          const { status, code } = await world.exec(await world.shell(), [program]);
          expect(status).toMatchObject({ status: 'Failure', reason: 'InternalError', code: 500 });
          expect(status.message).toContain(`exec: "${program}"`);
          expect(code).toBe(1000);
        }
      },
    },
    {
      says: 'refuses a command in a pod that is not there with 404 before the upgrade',
      async holds(world) {
        const refused = await refusal(world.exec('none', ['true']));
        expect(refused.status).toBe(404);
        expect(JSON.parse(refused.body).message).toBe('pods "none" not found');
      },
    },
    {
      says: 'refuses a container that the pod does not have with 400',
      async holds(world) {
        const pod = await world.shell();
        const path = world.execPath(pod, ['true'], { container: 'none' });
        const refused = await refusal(world.client.connect(path, [V5]));
        expect(refused.status).toBe(400);
        expect(JSON.parse(refused.body)).toMatchObject({
          reason: 'BadRequest',
          message: `container none is not valid for pod ${pod}`,
        });
      },
    },
    {
      says: 'refuses a pod without a node with 400, and a container that has ended with 500 and plain text',
      async holds(world) {
        const waiting = await world.idlePod({ nodeSelector: { 'kubernetes.io/hostname': 'none' } });
        const unscheduled = await refusal(world.exec(waiting.metadata.name, ['true']));
        expect(unscheduled.status).toBe(400);
        expect(JSON.parse(unscheduled.body).message).toBe(
          `pod ${waiting.metadata.name} does not have a host assigned`
        );
        const { metadata } = await world.pod({ command: ['true'] });
        await world.podIn(metadata.name, 'Succeeded');
        const ended = await refusal(world.exec(metadata.name, ['true']));
        expect([ended.status, ended.body]).toEqual([500, 'container not found ("main")']);
      },
    },
    {
      says: 'refuses a request without any stream with 400, and one without an upgrade with 400',
      async holds(world) {
        const pod = await world.shell();
        const path = world.execPath(pod, ['true'], { stdout: 'false', stderr: 'false' });
        expect((await refusal(world.client.connect(path, [V5]))).status).toBe(400);
        const plain = await world.client.post(world.execPath(pod, ['true']), {});
        expect([plain.status, plain.json.message]).toEqual([400, 'Upgrade request required']);
      },
    },
    {
      says: 'wants the rights get and create on pods/exec for a command over a WebSocket',
      async holds(world) {
        const path = world.execPath(await world.shell(), ['true']);
        for (const [verbs, isAllowed] of [
          [['get'], false],
          [['create'], false],
          [['get', 'create'], true],
        ] as const) {
          const { name, token } = await world.account();
          await world.grant(name, [{ apiGroups: [''], resources: ['pods/exec'], verbs }]);
          const look = () => world.client.connect(path, [V5], undefined, { token });
          // A right is there a moment after its objects.
          if (isAllowed) (await until('the right is there', look, 10_000)).socket.close();
          else expect((await refusal(look())).status).toBe(403);
        }
      },
    },
    {
      says: 'never tells success of a command whose pod was killed',
      async holds(world) {
        const { metadata } = await world.idlePod();
        await world.podIn(metadata.name, 'Running');
        const path = world.execPath(metadata.name, ['sh', '-c', 'echo begun; sleep 60']);
        const frames: Buffer[] = [];
        const { closed } = await world.client.connect(path, [V5], data => void frames.push(data));
        await until('it has begun', () => Buffer.concat(frames).includes('begun'), 10_000, 10);
        await world.client.delete(`${world.here}/pods/${metadata.name}?gracePeriodSeconds=0`);
        await closed;
        const status = frames
          .find(frame => frame[0] === 3)
          ?.subarray(1)
          .toString('utf8');
        if (status !== undefined) expect(JSON.parse(status).status).toBe('Failure');
      },
    },
  ],
};

/** @returns the status of the refusal. @throws Error when it was not refused. */
async function refusal(attempt: Promise<unknown>): Promise<Refused> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
