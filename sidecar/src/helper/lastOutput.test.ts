import { describe, expect, it } from 'vitest';
import type { Pod } from '../cluster/gateway/pods.ts';
import type { Observed } from './lastOutput.ts';
import { lastOutputOf } from './lastOutput.ts';

const nothing: Observed = { command: '', events: [] };
const ended = (terminated: { exitCode: number; reason?: string; message?: string }): Pod => ({
  status: {
    phase: 'Failed',
    containerStatuses: [
      {
        name: 'helper',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { terminated },
      },
    ],
  },
});

describe('a helper’s last output', () => {
  it.each<[string, Partial<Observed>, string | undefined]>([
    ['is nothing when there was none', {}, undefined],
    ['is nothing of a pod that lives on', { pod: { status: { phase: 'Running' } } }, undefined],
    [
      'is that of the packing command',
      { command: 'the helper image has no tar\n\n' },
      'command: the helper image has no tar',
    ],
    [
      'is that of an evicted pod',
      { pod: { status: { phase: 'Failed', reason: 'Evicted', message: 'low on\nmemory' } } },
      'pod: Failed: Evicted: low on memory',
    ],
    [
      'is that of a container that was killed',
      { pod: ended({ exitCode: 137, reason: 'OOMKilled' }) },
      'pod: ended with exit code 137: OOMKilled',
    ],
    [
      'is warnings about the pod, and nothing that is normal',
      {
        events: [
          { type: 'Normal', reason: 'Scheduled', message: 'assigned' },
          { type: 'Warning', reason: 'FailedMount', message: 'no such device' },
        ],
      },
      'event: FailedMount: no such device',
    ],
    [
      'is that of the helper, whatever an injected container says',
      {
        pod: {
          status: {
            phase: 'Failed',
            containerStatuses: [
              ...(ended({ exitCode: 3, reason: 'Injected' }).status?.containerStatuses ?? []).map(
                status => ({ ...status, name: 'a-proxy' })
              ),
              ...(ended({ exitCode: 137, reason: 'OOMKilled' }).status?.containerStatuses ?? []),
            ],
          },
        },
      },
      'pod: ended with exit code 137: OOMKilled',
    ],
  ])('%s', (_, observed, expected) =>
    expect(lastOutputOf({ ...nothing, ...observed })).toBe(expected)
  );

  it('is the last twenty lines of each, and none is endless', () => {
    const command = Array.from({ length: 100 }, (_, line) => `${line}${'x'.repeat(1000)}`);
    const lines = lastOutputOf({ ...nothing, command: command.join('\n') })?.split('\n') ?? [];
    expect(lines).toHaveLength(20);
    expect(lines[0]).toMatch(/^command: 80x+$/);
    expect(lines[0]).toHaveLength('command: '.length + 500);
  });
});
